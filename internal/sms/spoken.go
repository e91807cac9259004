package sms

import (
	"encoding/json"
	"strings"
)

// What a call says. A call goes to whoever picks up, a machine included, so that the
// code is not in it: the callee presses a key, and only the answer to that has the code.

const (
	inputTimeout = 10 // seconds to press a key, Vonage's most
	promptLoops  = 2  // who picks up late hears it once more
)

// action is one step of a Nexmo Call Control Object (developer.vonage.com/en/voice/voice-api/ncco-reference).
// The SDK's own types lack language, so that a Dutch text would be read by an English
// voice, and the input's type, without which Vonage refuses it.
type action struct {
	Action string `json:"action"`

	Text     string `json:"text,omitempty"` // talk
	Language string `json:"language,omitempty"`
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

// voice is the language of the voice that speaks, as Vonage names it.
func voice(language string) string {
	if isDutch(language) {
		return "nl-NL"
	}
	return "en-GB"
}

// SpokenPrompt is what is said to whoever takes the call.
func SpokenPrompt(language, product string) string {
	if isDutch(language) {
		return "Dit is " + spokenName(product) + ". Druk op een toets om uw verificatiecode te horen."
	}
	return "This is " + spokenName(product) + ". Press any key to hear your verification code."
}

// prompt is the whole of a call until a key is pressed, which goes to keyURL.
func prompt(language, product, keyURL string) []action {
	return []action{
		{Action: "talk", Text: SpokenPrompt(language, product), Language: voice(language), BargeIn: true, Loop: promptLoops},
		{
			Action: "input", Type: []string{"dtmf"}, DTMF: &dtmf{MaxDigits: 1, TimeOut: inputTimeout},
			EventURL: []string{keyURL}, EventMethod: "POST",
		},
	}
}

// SpokenCode is the NCCO after the key: the code digit by digit, twice. A point makes a
// pause, longer than a comma's, in which a digit can be written down.
func SpokenCode(language, product, code string) []byte {
	digits := strings.Join(strings.Split(code, ""), ". ") + "."
	text := "Your verification code for " + spokenName(product) + " is: " + digits + " Once more: " + digits + " Goodbye."
	if isDutch(language) {
		text = "Uw verificatiecode voor " + spokenName(product) + " is: " + digits + " Nog een keer: " + digits + " Tot ziens."
	}
	return say(language, text)
}

// SpokenOver is the NCCO after the key when the code works no more.
func SpokenOver(language, product string) []byte {
	text := "This code for " + spokenName(product) + " is no longer valid. Please ask for a new one. Goodbye."
	if isDutch(language) {
		text = "Deze code voor " + spokenName(product) + " is niet meer geldig. Vraag een nieuwe aan. Tot ziens."
	}
	return say(language, text)
}

// DemoCall is a call as the demo phone shows it.
func DemoCall(language, code string) string {
	digits := strings.Join(strings.Split(code, ""), " ")
	if isDutch(language) {
		return "Oproep: uw code is " + digits
	}
	return "Call: your code is " + digits
}

func say(language, text string) []byte {
	// Strings and numbers always encode.
	raw, _ := json.Marshal([]action{{Action: "talk", Text: text, Language: voice(language)}})
	return raw
}

// spokenName is a product's name as a voice can read it. Without < no name can become
// markup (SSML), which Vonage reads in a talk's text.
func spokenName(product string) string {
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
