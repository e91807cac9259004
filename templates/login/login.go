package login

import "github.com/nightlatch/nightlatch/templates"

// View is the log-in form.
type View struct {
	Office   string
	Username string
	Error    string // a sentence, or ""
	Notice   string // a sentence that is no error, or ""
}

// Login is the log-in page.
var Login = templates.NewPage[View](files, templates.Card, "login.html")
