package login

import "github.com/nightlatch/nightlatch/templates"

// ForgotView asks who forgot their password.
type ForgotView struct {
	Office   string
	Username string
	Error    string
	Sent     bool // it was asked for: the same words for everybody
	CanMail  bool
}

// Forgot is the page.
var Forgot = templates.NewPage[ForgotView](files, templates.Card, "forgot.html")
