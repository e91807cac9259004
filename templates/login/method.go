package login

import "github.com/nightlatch/nightlatch/templates"

// MethodView is the choice of a user without a method.
type MethodView struct {
	Office  string
	Methods []Method
	Error   string
}

// Problems implements templates.Refusable.
func (v MethodView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// Method is one that can be chosen: its name in the form and the catalogue, and its icon.
type Method struct{ Name, Icon string }

// Methods is the page.
var Methods = templates.NewPage[MethodView](files, templates.Card, "method.html")
