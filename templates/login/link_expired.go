package login

import "github.com/nightlatch/nightlatch/templates"

// LinkExpiredView says how to get another link.
type LinkExpiredView struct {
	CanMail bool
	Token   string // of the link that is over
}

// LinkExpired is the page behind a link that opens nothing.
var LinkExpired = templates.NewPage[LinkExpiredView](files, templates.Card, "link_expired.html")
