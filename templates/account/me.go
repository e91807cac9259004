package account

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// MeView is a user's own settings.
type MeView struct {
	Username     string
	Email        string // or ""
	TwoFactor    bool   // the office's setting
	Factors      []templates.FactorRow
	Error        string
	Sessions     templates.SessionList
	Applications Applications
	Trusted      []TrustedRow
	SSO          bool // linked
	SSOAt        time.Time
	SSOWaiting   string // whom the provider vouched for in this browser, to be linked
}

// TrustedRow is a browser that the user trusts.
type TrustedRow struct {
	ID                int64
	Name              string
	Phone, Current    bool
	Since, Used, Ends time.Time
}

// Applications are those that the user may open, and is signed in to.
type Applications struct {
	Any    bool // there is something to show
	Only   bool // a log-in goes straight on to the only one
	Opened []OpenedRow
}

// OpenedRow is an application that the user is signed in to.
type OpenedRow struct {
	ID       int64
	Name     string
	Browsers int
	Since    time.Time
}

// Problems implements templates.Refusable.
func (v MeView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// Me is the page.
var Me = templates.NewPage[MeView](files, templates.App, "me.html")
