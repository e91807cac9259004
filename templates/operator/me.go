package operator

import "github.com/nightlatch/nightlatch/templates"

// MeView is an operator's own settings.
type MeView struct {
	Username string
	Sessions templates.SessionList
}

// Me is the page.
var Me = templates.NewPage[MeView](files, templates.App, "me.html")
