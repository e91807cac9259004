package templates

import "time"

// HistoryView is Settings > Office > History.
type HistoryView struct {
	Events []HistoryRow
	Older  int64 // the event to go on before, 0 at the end
	Paged  bool  // not at the newest
}

// HistoryRow is one audit event in words.
type HistoryRow struct {
	Action  string // the word in the table
	Text    string
	Detail  string
	Address string
	At      time.Time
}
