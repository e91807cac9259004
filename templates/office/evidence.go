package office

import "github.com/nightlatch/nightlatch/templates"

// EvidenceView is the form for evidence of a range of days.
type EvidenceView struct {
	First, Last           string // as typed
	FirstError, LastError string
	Zone                  string
}

// Problems implements templates.Refusable.
func (v EvidenceView) Problems() []templates.Problem {
	return templates.Problems("first", v.FirstError, "last", v.LastError)
}

// Evidence is the page.
var Evidence = templates.NewPage[EvidenceView](files, templates.App, "evidence.html")
