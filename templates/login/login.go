package login

import "github.com/nightlatch/nightlatch/templates"

// LoginView is the log-in form.
type LoginView struct {
	Office   string
	Username string
	Error    string // a sentence, or ""
	Notice   string // a sentence that is no error, or ""
}

// Login is the log-in page.
var Login = templates.NewPage[LoginView](files, templates.Card, "login.html")
