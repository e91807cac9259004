package factor

import "github.com/nightlatch/nightlatch/templates"

// WayView lists the other ways of a user who has them.
type WayView struct {
	SMS      string // the masked number, or ""
	App      bool
	Recovery bool
	Enrol    bool // no factor yet: another number, or an app
	SendURL  string
	AppURL   string
	BackURL  string
	Codes    string // address of the recovery code page
	Next     string
}

// Any reports whether there is another way at all.
func (w WayView) Any() bool { return w.SMS != "" || w.App || w.Recovery || w.Enrol }

// Way is the page.
var Way = templates.NewPage[WayView](files, templates.Card, "way.html")
