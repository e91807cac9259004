// Package door is the pages between the portal and the applications.
package door

import (
	"embed"
	"html/template"

	"github.com/nightlatch/nightlatch/templates"
)

//go:embed *.html
var files embed.FS

// Style is the whole style of Refused, which stands on an application's own host and can load nothing.
//
//go:embed refused.css
var Style string

// RefusedView says on an application's host why its page is not shown. Why is part of the keys door_title.<why> and
// door_why.<why>.
type RefusedView struct {
	Lang, Product string
	Application   string // "" where nobody knows
	Why           string
	Back          string // an address on the host, to try again; or ""
	Home          string // the portal; or ""
	SignOut       string // where the form that signs out is sent; or ""
}

// Style returns the page's style, which its policy knows by its hash.
func (RefusedView) Style() template.CSS { return template.CSS(Style) } //nolint:gosec // our own file

// Refused is the page.
var Refused = templates.NewFragment[RefusedView](files, "refused.html", "refused")

// VisitView leads from the portal to an application.
type VisitView struct{ Application, Onward string }

// Visit is the page.
var Visit = templates.NewPage[VisitView](files, templates.Card, "visit.html")

// NotAllowedView says on the portal why somebody may not enter an application.
type NotAllowedView struct{ Application, Why, Office string }

// NotAllowed is the page.
var NotAllowed = templates.NewPage[NotAllowedView](files, templates.App, "not_allowed.html")

// LeftView says on the portal that somebody signed out of an application.
type LeftView struct {
	Application, Again string
	In                 bool // still, at the portal
}

// Left is the page.
var Left = templates.NewPage[LeftView](files, templates.Card, "left.html")
