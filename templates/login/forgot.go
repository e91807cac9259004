package login

import "github.com/nightlatch/nightlatch/templates"

// ForgotView asks who forgot their password.
type ForgotView struct {
	Office   string
	Username string
	Error    string // about the request, or ""
	// What is said of a field that was left empty.
	OfficeError, UsernameError string
	Sent                       bool // it was asked for: the same words for everybody
	CanMail                    bool
}

// Problems implements templates.Refusable.
func (v ForgotView) Problems() []templates.Problem {
	return templates.Problems("office", v.OfficeError, "username", v.UsernameError, "", v.Error)
}

// Forgot is the page.
var Forgot = templates.NewPage[ForgotView](files, templates.Card, "forgot.html")
