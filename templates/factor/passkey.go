package factor

import "github.com/nightlatch/nightlatch/templates"

// PasskeyView asks the browser for a passkey: to prove one, or to make a new one.
type PasskeyView struct {
	Heading  string
	Lead     string
	Button   string
	Action   string
	Next     string
	Question string // what the browser is asked with, as JSON
	New      bool
	Owed     bool   // it comes before anything else
	Name     string // of a new one, as typed
	Error    string
	Trust    int // for so many days the browser may be trusted; 0 where that is not offered
	Links    []templates.Link
}

// Problems implements templates.Refusable.
func (v PasskeyView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// Passkey is the page.
var Passkey = templates.NewPage[PasskeyView](files, templates.Card, "passkey.html")
