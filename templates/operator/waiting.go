package operator

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// WaitingView is "why is this user waiting?".
type WaitingView struct {
	Typed      string // what is searched for
	Error      string // nobody was found, or an action did not work
	Found      *WaitingUser
	Hits       []templates.WaitingHit
	Total      string // how many hits there are
	More       string // how many of them are not shown, "" for none
	WaitingNow *templates.WaitingNow
	Question   *templates.Question
}

// Problems implements templates.Refusable.
func (v WaitingView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
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
	Passkeys   int
	Timeline   WaitingTimeline
}

// WaitingTimeline is what happened, and why the user waits: the part that shows itself again while something
// is under way.
type WaitingTimeline struct {
	URL       string
	Poll      bool
	Diagnosis []templates.Sentence
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

// LoginState is what became of a log-in.
type LoginState string

// A log-in waits for its second factor, is complete, or ended without.
const (
	LoginWaiting LoginState = "waiting"
	LoginDone    LoginState = "done"
	LoginOver    LoginState = "over"
)

// WaitingEntry is a line of it.
type WaitingEntry struct {
	Kind  string
	State templates.StepState
	Text  templates.Sentence
	Note  templates.Sentence
	Raw   string
	At    time.Time
	Now   bool // where it stands, after all that has happened
}

// Waiting is the page, WaitingLive its timeline, WaitingMoment who waits now.
var (
	WaitingMoment = templates.NewFragment[templates.WaitingNow](files, "waiting.html", "waiting-now")

	Waiting     = templates.NewPage[WaitingView](files, templates.App, "waiting.html")
	WaitingLive = templates.NewFragment[WaitingTimeline](files, "waiting.html", "timeline")
)
