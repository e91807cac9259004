package login

import "github.com/nightlatch/nightlatch/templates"

// DrillView asks for a code that is not needed yet, in a fire drill of the office.
type DrillView struct {
	Office  string
	Entered bool   // a code was right: nothing is left to do
	Kind    string // what is tried: the name of a kind of factor, or "number" for one that is not confirmed yet
	Number  string // masked, where a code is sent to one
	Error   string
}

// Problems implements templates.Refusable.
func (v DrillView) Problems() []templates.Problem { return templates.Problems("", v.Error) }

// Drill is the page.
var Drill = templates.NewPage[DrillView](files, templates.Card, "drill.html")
