package operator

import (
	"html/template"
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// OverviewView is how messages fare over all offices.
type OverviewView struct {
	URL      string // where the part that shows itself again is asked for
	Every    int    // so many seconds
	Tabs     []PeriodTab
	Waiting  templates.WaitingNow
	Now      time.Time
	Zone     string // of the plot, in short
	Warnings []Warning
	Stats    []Stat

	Plot      template.HTML // drawn by plot, which escapes what it is given
	PlotID    string
	Legend    []LegendItem // messages by state
	Bars      []BarRow
	Both      []DeliveryRow
	Groups    []DeliveryTable
	Queues    []QueueRow
	Providers []ProviderRow
	Stopped   []StoppedRow
}

// PeriodTab is one of the periods to choose from.
type PeriodTab struct {
	URL, Text string
	Current   bool
}

// Warning is a sentence that an operator should act on.
type Warning struct {
	Bad  bool
	Text templates.Sentence
}

// Tone is how good something is: the colour of its badge.
type Tone string

// Without a tone a badge is grey.
const (
	ToneNone Tone = ""
	ToneOK   Tone = "ok"
	ToneWarn Tone = "warn"
	ToneBad  Tone = "bad"
)

// Stat is a number in large type, with a note in a badge.
type Stat struct {
	Label, Value, Note string
	Tone               Tone
}

// LegendItem is a state of messages: its pattern in the plot, its name and its count.
type LegendItem struct{ Pattern, Name, N, Share string }

// BarRow is a bar of the plot in words.
type BarRow struct {
	Label  string
	Values []string
}

// DeliveryTable is a table of deliveries by one thing.
type DeliveryTable struct {
	Title, Head string
	Rows        []DeliveryRow
}

// DeliveryRow is what became of messages of a provider, to a country, or both.
type DeliveryRow struct {
	Provider  string
	Country   string // ISO code, for the flag
	Name      string // of the country
	Messages  string
	Sent      string
	Delivered string
	Failed    string
	Verified  string
	Accepted  string // p50 and p95
	Arrived   string
	State     Condition
}

// Condition is how something is, in a badge.
type Condition struct {
	Tone Tone
	Text templates.Sentence
}

// QueueRow is a queue.
type QueueRow struct{ Name, Depth, Oldest string }

// ProviderRow is a provider: its breaker and its account.
type ProviderRow struct {
	Name      string
	State     Condition
	Balance   string // "" when it is unknown
	Low       bool
	BalanceAt time.Time
}

// StoppedRow is a range of numbers that gets no messages.
type StoppedRow struct {
	Prefix string // to post
	Range  string // to show
	Flag   string // ISO code
	Text   string
}

// Overview is the page, OverviewNow what of it shows itself again.
var (
	Overview    = templates.NewPage[OverviewView](files, templates.App, "overview.html")
	OverviewNow = templates.NewFragment[OverviewView](files, "overview.html", "overview-now")
)
