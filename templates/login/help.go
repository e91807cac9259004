package login

import (
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// What is true of a request for help, beside what came of it: help.<state>.
const (
	HelpNone    = ""
	HelpWaits   = "waits"
	HelpExpired = "expired"
)

// HelpView is the page of whoever does not have their phone.
type HelpView struct {
	Office    string
	Helpers   []string // whom to call, by name
	State     string
	Line      HelpLine
	Words     string // to be read out; "" in a browser that does not have them
	ExpiresAt time.Time
	Left      int // seconds until then
	Error     string
}

// Problems implements templates.Refusable.
func (v HelpView) Problems() []templates.Problem { return templates.Problems("", v.Error) }

// Minutes is what is left of the words' life, to the nearest minute.
func (v HelpView) Minutes() int { return (v.Left + 30) / 60 }

// HelpLine is what the page asks for again and again while it waits.
type HelpLine struct {
	State string
	ID    int64
}

// Version tells states apart: a page that shows this one is not told again.
func (l HelpLine) Version() string { return fmt.Sprintf("%d-%s", l.ID, l.State) }

// StopView asks before what was asked for in somebody's name is stopped.
type StopView struct{ Action, Username, Office string }

// Help is the page, Stop the one behind the link in the mail to the user.
var (
	Help = templates.NewPage[HelpView](files, templates.Card, "help.html")
	Stop = templates.NewPage[StopView](files, templates.Card, "stop.html")
)
