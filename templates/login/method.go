package login

import "github.com/nightlatch/nightlatch/templates"

// MethodView is the choice of a user without a method.
type MethodView struct {
	Office string
	Error  string
}

// Method is the page.
var Method = templates.NewPage[MethodView](files, templates.Card, "method.html")
