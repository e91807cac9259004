package templates

import "time"

// WaitingHit is a user whom a search found.
type WaitingHit struct{ URL, Name, Username, Office, OfficeCode string }

// WaitingNow is who waits at this moment: a part that shows itself again.
type WaitingNow struct {
	URL  string // where it is asked for again, "" where another part does
	Rows []WaitingNowRow
	More string // how many more wait, "" for nobody
	All  string // where all of them stand, "" here
}

// WaitingNowRow is one of them.
type WaitingNowRow struct {
	WaitingHit
	ID    string // of the row, for what shows itself again to find it
	Since time.Time
	Why   []Sentence
}
