package account

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// MeView is a user's own settings.
type MeView struct {
	Username   string
	Email      string // or ""
	TwoFactor  bool   // the office's setting
	Factors    []templates.FactorRow
	Error      string
	Sessions   templates.SessionList
	SSO        bool // linked
	SSOAt      time.Time
	SSOWaiting string // whom the provider vouched for in this browser, to be linked
}

// Problems implements templates.Refusable.
func (v MeView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// Me is the page.
var Me = templates.NewPage[MeView](files, templates.App, "me.html")
