package sms

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// A call goes to whoever picks up, a machine included, so that the code is not in it: the
// callee presses a key, and only the answer to that has the code.

const (
	inputTimeout = 10 // seconds to press a key, Vonage's most
	promptLoops  = 2  // who picks up late hears it once more
)

// Speech is what a voice says. It may hold a code: printing it, by accident, shows none.
type Speech struct {
	Language string // of the voice, as Vonage names it: "nl-NL"
	Style    int    // of the voice: Vonage numbers those of a language from 0
	Text     string
}

// Format keeps fmt from printing the text.
func (s Speech) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "speech in "+s.Language) }

// action is one step of a Nexmo Call Control Object (developer.vonage.com/en/voice/voice-api/ncco-reference).
// The SDK's own types lack language, so that any text would be read by an English
// voice, and the input's type, without which Vonage refuses it.
type action struct {
	Action string `json:"action"`

	Text     string `json:"text,omitempty"` // talk
	Language string `json:"language,omitempty"`
	Style    int    `json:"style,omitempty"`
	BargeIn  bool   `json:"bargeIn,omitempty"` // a key ends it; an input must follow
	Loop     int    `json:"loop,omitempty"`

	Type        []string `json:"type,omitempty"` // input
	DTMF        *dtmf    `json:"dtmf,omitempty"`
	EventURL    []string `json:"eventUrl,omitempty"`
	EventMethod string   `json:"eventMethod,omitempty"`
}

type dtmf struct {
	MaxDigits int `json:"maxDigits"`
	TimeOut   int `json:"timeOut"`
}

// prompt returns the whole of a call until a key is pressed, which goes to keyURL.
func prompt(s Speech, keyURL string) []action {
	talk := s.action()
	talk.BargeIn, talk.Loop = true, promptLoops
	return []action{talk, {
		Action: "input", Type: []string{"dtmf"}, DTMF: &dtmf{MaxDigits: 1, TimeOut: inputTimeout},
		EventURL: []string{keyURL}, EventMethod: "POST",
	}}
}

// NCCO returns the call control object that says the speech and ends the call: the answer
// to a pressed key.
func (s Speech) NCCO() []byte {
	raw, _ := json.Marshal([]action{s.action()}) // strings and numbers always encode
	return raw
}

func (s Speech) action() action {
	return action{Action: "talk", Text: s.Text, Language: s.Language, Style: s.Style}
}

// SpokenName returns a product's name as a voice can read it. Without < no name can become
// markup (SSML), which Vonage reads in a talk's text.
func SpokenName(product string) string {
	name := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("<>[]{}|\\^~_#@*", r), r < ' ':
			return ' '
		}
		return r
	}, product)), " ")
	if name == "" {
		return "Nightlatch"
	}
	return name
}
