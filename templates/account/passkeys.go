package account

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// PasskeysView is the user's passkeys.
type PasskeysView struct {
	Passkeys []Passkey
	Error    string
}

// Problems implements templates.Refusable.
func (v PasskeysView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// Passkey is one of them.
type Passkey struct {
	Name      string
	AddedAt   time.Time
	UsedAt    time.Time // zero for never
	Shared    bool      // on several devices
	Dead      bool      // out of use: there may be a copy
	RemoveURL string
}

// Passkeys is the page.
var Passkeys = templates.NewPage[PasskeysView](files, templates.App, "passkeys.html")
