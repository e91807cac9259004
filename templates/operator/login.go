package operator

import "github.com/nightlatch/nightlatch/templates"

// LoginView is the operators' log-in form.
type LoginView struct {
	Username string
	Error    string // a sentence, or ""
	Notice   string // a sentence that is no error, or ""
}

// The operators' pages.
var (
	OperatorLogin   = templates.NewPage[LoginView](files, templates.Card, "login.html")
	OperatorHistory = templates.NewPage[templates.HistoryView](files, templates.App, "history.html")
)
