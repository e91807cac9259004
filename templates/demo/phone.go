package demo

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// PhoneView is the demo phone.
type PhoneView struct{ Texts []PhoneText }

// PhoneText is a message on it.
type PhoneText struct {
	Body   string
	Number string // international
	At     time.Time
	New    bool // arrived in the last seconds
}

// Phone is the page, PhoneTexts its messages.
var (
	Phone      = templates.NewPage[PhoneView](files, templates.Demo, "phone.html")
	PhoneTexts = templates.NewFragment[PhoneView](files, "phone.html", "messages")
)
