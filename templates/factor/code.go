package factor

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// CodeView is the page that takes the code of a text message: at the log-in, and in settings.
type CodeView struct {
	Action     string // where the code is posted
	ResendURL  string
	To         string // the masked number
	UnderWay   bool   // a live challenge exists
	Called     bool   // its newest message is a call
	Calls      bool   // a call can be asked for
	Line       MessageLine
	ResendIn   int // seconds until another message may be asked for
	ValidUntil time.Time
	Error      string
	Next       string // where to go on after a fresh proof, in settings
	Links      []templates.Link
}

// MessageLine is the live line: where the message stands.
type MessageLine struct {
	URL   string // of this fragment
	Steps []LineStep
	Poll  bool // ask again in a second
}

// LineStep is one line of the message's way.
type LineStep struct {
	State templates.StepState
	Text  string
	Note  string // what to do then, or ""
	At    time.Time
}

// Code is the page, CodeLine its live line.
var (
	Code     = templates.NewPage[CodeView](files, templates.Card, "code.html")
	CodeLine = templates.NewFragment[MessageLine](files, "code.html", "message-line")
)
