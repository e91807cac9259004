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
