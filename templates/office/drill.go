package office

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// DrillView is an office's fire drill, and what came of it.
type DrillView struct {
	Demanded  bool // two factors are: there is nothing to try
	Error     string
	Reachable int // how many would be asked

	On          bool
	Began, Ends time.Time // zero where there was none
	By          string
	Outcomes    []DrillOutcome
	Undelivered []DrillSum
	People      []DrillPerson

	Page, Pages    int
	Previous, Next string // addresses
}

// Problems implements templates.Refusable.
func (v DrillView) Problems() []templates.Problem { return templates.Problems("", v.Error) }

// DrillOutcome is how many people an outcome has, and the link to them.
type DrillOutcome struct {
	Name    string
	N       int
	URL     string
	Current bool
}

// DrillSum is how many messages to a network were not delivered.
type DrillSum struct {
	Country, Network string
	N                int
}

// DrillPerson is a line of the report.
type DrillPerson struct {
	ID             int64
	Name, Username string
	Outcome, Tone  string
	Country        string
	Network        string
	Why            string
}

// Drill is the page.
var Drill = templates.NewPage[DrillView](files, templates.App, "drill.html")
