package templates

import "time"

// WaitingView is "why is this user waiting?".
type WaitingView struct {
	Office   string
	Username string
	Error    string // nobody was found, or an action did not work
	Found    *WaitingUser
	Question *Question
}

// WaitingUser is the user who was found.
type WaitingUser struct {
	Name       string
	Username   string
	Office     string
	OfficeCode string
	TwoFactor  bool
	Number     string // masked, "" for none
	Confirmed  bool
	App        bool
	Timeline   WaitingTimeline
}

// WaitingTimeline is what happened, and why the user waits: the part that shows itself again while something
// is under way.
type WaitingTimeline struct {
	URL       string
	Poll      bool
	Diagnosis []Sentence
	Logins    []WaitingLogin
}

// WaitingLogin is a log-in.
type WaitingLogin struct {
	At      time.Time  // zero: before the first log-in that is shown
	State   LoginState // "" before the first log-in that is shown
	Tone    Tone
	Entries []WaitingEntry
	Live    int64 // the challenge that can be ended, 0 for none
	Last    int64 // the one that a new one can follow
}

// WaitingEntry is a line of it.
type WaitingEntry struct {
	Kind  string
	State StepState
	Text  Sentence
	Note  Sentence
	Raw   string
	At    time.Time
	Now   bool // where it stands, after all that has happened
}

// Waiting is the page, WaitingLive its timeline.
var (
	Waiting     = newPage[WaitingView]("app.html", "operator_waiting.html")
	WaitingLive = newFragment[WaitingTimeline]("operator_waiting.html", "timeline")
)
