package templates

import "time"

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
	Phone      = newPage[PhoneView]("phone_page.html", "phone.html")
	PhoneTexts = newFragment[PhoneView]("phone.html", "messages")
)
