package message

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// Words puts a code into the words of a text or a call, in its user's language.
type Words struct {
	product string // what the code is for
	host    string // whose pages may fill the code in; without a port
}

// NewWords returns the Words of an installation.
func NewWords(product, host string) Words { return Words{product, host} }

// Text returns the body of a text message, one GSM-7 segment. life is how much longer the code lives, told in
// minutes and rounded up: "0 minutes" helps nobody.
func (w Words) Text(language, code string, life time.Duration) string {
	minutes := max(1, int(math.Ceil(life.Minutes())))
	return sms.Body(w.product, w.host, code, func(name string) string {
		if name == "" {
			return locale.N(language, "sms.text_unnamed", minutes, "Code", code)
		}
		return locale.N(language, "sms.text", minutes, "Code", code, "Name", name)
	})
}

// Prompt returns what is said to whoever takes a call. The code is not in it.
func (w Words) Prompt(language string) sms.Speech { return w.speech(language, "call.prompt", "") }

// Spoken returns what is said after a key was pressed: the code, twice.
func (w Words) Spoken(language, code string) sms.Speech {
	return w.speech(language, "call.code", spell(code, locale.T(language, "call.pause")))
}

// Over returns what is said after a key was pressed when the code works no more.
func (w Words) Over(language string) sms.Speech { return w.speech(language, "call.over", "") }

// DemoCall returns a call as the demo phone shows it.
func (w Words) DemoCall(language, code string) string {
	return locale.T(language, "call.demo", "Digits", spell(code, " "))
}

func (w Words) speech(language, id, digits string) sms.Speech {
	style, _ := strconv.Atoi(locale.T(language, "call.style")) // a test reads it in every language
	return sms.Speech{
		Language: locale.T(language, "call.voice"), Style: style,
		Text: locale.T(language, id, "Product", sms.SpokenName(w.product), "Digits", digits),
	}
}

// spell sets the digits of a code apart, so that a voice reads each alone.
func spell(code, between string) string { return strings.Join(strings.Split(code, ""), between) }
