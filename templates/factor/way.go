package factor

import "github.com/nightlatch/nightlatch/templates"

// WayView lists the other ways of a user who has them.
type WayView struct {
	Ways    []Way
	BackURL string
	Next    string
}

// Way is one of them: a page, or a code that is sent by POST.
type Way struct {
	Icon string
	Text string
	URL  string
	Post bool
	// Channel is how a code is asked for, or "" for the usual way.
	Channel string
}

// Ways is the page.
var Ways = templates.NewPage[WayView](files, templates.Card, "way.html")
