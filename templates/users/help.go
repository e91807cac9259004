package users

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// HelpView answers a user who does not have their phone.
type HelpView struct {
	ID             int64
	Name, Username string
	Own            bool   // the viewer's: somebody else has to answer
	Back           string // how the user comes in again after a reset
	Requests       []HelpRequest
	Words          string // as typed
	Pass, Reset    bool   // chosen
	Until          string // of a day pass, as 17:30
	UntilError     string
	IdleMinutes    int // a day pass ends when its browser is not used for so long
	WordsError     string
	Error          string
}

// HelpRequest is what one browser asks for.
type HelpRequest struct {
	At, ExpiresAt time.Time
	Known         bool // its user has logged in there before
	Browser       string
	Address       string
	First         string // what another, or the viewer, has answered already where two have to
}

// Problems implements templates.Refusable.
func (v HelpView) Problems() []templates.Problem {
	return templates.Problems("words", v.WordsError, "until", v.UntilError, "", v.Error)
}

// Help is the page.
var Help = templates.NewPage[HelpView](files, templates.App, "help.html")
