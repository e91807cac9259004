package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Number is a mobile number that Parse accepted.
type Number struct {
	E164    string  // "+31612345678"
	Country Country // where it belongs, and what the flag shows
}

// International returns the number as people write it, "+31 6 12345678". Only its
// owner sees it so; everywhere else it is Masked.
func (n Number) International() string {
	read, err := phonenumbers.Parse(n.E164, "")
	if err != nil {
		return n.E164
	}
	return phonenumbers.Format(read, phonenumbers.INTERNATIONAL)
}

// minHidden is how many digits of the shortest number a mask leaves to guess.
const minHidden = 3

// Masked hides a number but for its calling code and last two digits:
// "+31 • •• •• •• 78". What is not E.164 is masked whole.
func Masked(e164 string) string { return MaskedTail(e164, 2) }

// MaskedTail is Masked with the last digits showing, undivided: 4 for an
// unconfirmed number, "+31 • •• •• 5678", which its user must recognise and which
// must stay unknown to somebody who has only the password. Of a short number fewer
// show: three digits stay hidden.
func MaskedTail(e164 string, digits int) string {
	r := scan(e164, Globe)
	code, national := plans().split(r.digits)
	if e164 != "+"+r.digits || code == 0 {
		return "+•••"
	}
	shown := max(0, min(digits, len(national)-minHidden))
	hidden := len(national) - shown

	// In pairs from the right, as the sketch has it.
	var b strings.Builder
	b.WriteString(e164[:len(e164)-len(national)])
	for i := range hidden {
		if i == 0 || (hidden-i)%2 == 0 {
			b.WriteByte(' ')
		}
		b.WriteString("•")
	}
	if shown > 0 {
		b.WriteByte(' ')
		b.WriteString(national[hidden:])
	}
	return b.String()
}
