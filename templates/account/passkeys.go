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
	problems := templates.Problems("", v.Error)
	for _, p := range v.Passkeys {
		problems = append(problems, templates.Problems(p.Field, p.NameError)...)
	}
	return problems
}

// Passkey is one of them.
type Passkey struct {
	Name      string
	AddedAt   time.Time
	UsedAt    time.Time // zero for never
	Shared    bool      // on several devices
	Dead      bool      // out of use: there may be a copy
	RemoveURL string
	RenameURL string
	Field     string // the id of the field of another name
	Typed     string // in it
	NameError string
}

// Passkeys is the page.
var Passkeys = templates.NewPage[PasskeysView](files, templates.App, "passkeys.html")
