package templates

import "time"

// HistoryView is what happened in an office, or in the installation.
type HistoryView struct {
	Path   string // of the page
	Export string // where its file is taken
	Days   []HistoryDay
	Newest string // "" at the newest
	Older  string // "" at the end

	Kinds       []string
	Kind, Words string // what was searched for
	Searched    bool
}

// HistoryDay is a day of the reader's with its events.
type HistoryDay struct {
	Day    string
	Events []HistoryRow
}

// HistoryRow is one audit event in words.
type HistoryRow struct {
	Action  string // the word in the table
	Text    string
	Detail  string
	Address string
	At      time.Time
}
