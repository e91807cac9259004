package factor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// CodeState is what is true on the code page.
type CodeState string

// A code can be entered; no message can arrive any more; the code is too old; none was sent.
const (
	CodeEnter   CodeState = "enter"
	CodeFailed  CodeState = "failed"
	CodeExpired CodeState = "expired"
	CodeNone    CodeState = "none"
)

// CodeView is the page that takes the code of a text message: at the log-in, and in settings.
type CodeView struct {
	State      CodeState
	Heading    string
	Lead       string // a sentence, or "" where the line says it
	Action     string // where the code is posted
	ResendURL  string
	Calls      bool // a call can be asked for
	Line       MessageLine
	ResendIn   int // seconds until another message may be asked for
	ValidUntil time.Time
	Left       int // seconds until then
	Error      string
	Next       string // where to go on after a fresh proof, in settings
	Trust      int    // days for which this browser may be trusted, 0 for not at all
	Ways       []Way  // what else can be done, the best first
	Links      []templates.Link
}

// Problems implements templates.Refusable.
func (v CodeView) Problems() []templates.Problem {
	if v.State != CodeEnter {
		return templates.Problems("", v.Error)
	}
	return templates.Problems("code", v.Error)
}

// Minutes is what is left of the code's life, to the nearest minute.
func (v CodeView) Minutes() int { return (v.Left + 30) / 60 }

// MessageLine is the live line: one sentence that readers are told when it changes, and the message's way.
type MessageLine struct {
	URL    string // of this fragment
	Say    string
	SaidAt time.Time // ends the sentence, or is zero
	State  templates.StepState
	Steps  []LineStep
	Poll   bool // ask again in a second
}

// LineStep is one line of the message's way.
type LineStep struct {
	State templates.StepState
	Text  string
	Note  string // what to do then, or ""
	At    time.Time
}

// Version tells lines apart: a page that shows this one is not sent it again.
func (l MessageLine) Version() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []any{l.URL, l.Say, l.SaidAt.Unix(), l.State, l.Steps, l.Poll}))
	return hex.EncodeToString(sum[:8])
}

// Code is the page, CodeLine its live line.
var (
	Code     = templates.NewPage[CodeView](files, templates.Card, "code.html")
	CodeLine = templates.NewFragment[MessageLine](files, "code.html", "message-line")
)
