package operator

import "github.com/nightlatch/nightlatch/templates"

// AppView asks for what must be proven before another authenticator app is set up.
type AppView struct {
	Username                 string
	PasswordError, CodeError string
}

// Problems implements templates.Refusable.
func (v AppView) Problems() []templates.Problem {
	return append(templates.Problems("password", v.PasswordError), templates.Problems("code", v.CodeError)...)
}

// App is the page.
var App = templates.NewPage[AppView](files, templates.App, "app.html")
