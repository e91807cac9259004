// Package issuer is the pages of an authorization, between an application and the log-in.
package issuer

import (
	"embed"

	"github.com/nightlatch/nightlatch/templates"
)

//go:embed *.html
var files embed.FS

// ChooseView asks who is here: whoever is signed in, or somebody else.
type ChooseView struct{ Application, Name, Username, Action string }

// Choose is the page.
var Choose = templates.NewPage[ChooseView](files, templates.Card, "choose.html")

// LeaveView asks whether the user logs out, as an application wants it: "" where nobody can tell which one.
type LeaveView struct {
	Application, Name string
	Unknown           bool // it wanted them at an address that is not registered
	What              string
}

// Leave is the page.
var Leave = templates.NewPage[LeaveView](files, templates.Card, "leave.html")
