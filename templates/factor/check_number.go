package factor

import "github.com/nightlatch/nightlatch/templates"

// CheckNumberView is the page on which a user checks the number that their office registered.
type CheckNumberView struct {
	Number string // calling code and last four digits: only the password is proven yet
	Error  string
}

// Problems implements templates.Refusable.
func (v CheckNumberView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// CheckNumber is the page.
var CheckNumber = templates.NewPage[CheckNumberView](files, templates.Card, "check_number.html")
