package phone

import (
	"regexp"
	"strings"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// maxTyped bounds what was read, in bytes. Anything beyond is no number.
const maxTyped = 64

// A reading is what somebody typed, reduced to its digits.
type reading struct {
	digits        string // ASCII, without the + or the 00
	international bool   // begins with + or 00, so a calling code follows
	plus          bool   // it was a +

	// trunk is where in digits the 0 of a "(0)" stands, -1 without one.
	trunk int

	// problem is why the text is not a number, "" if it may be one. Live reads on,
	// Parse refuses.
	problem Reason
}

// scan takes apart what was read while country was shown: digits, a plus, and
// what people put between them. A second + begins anew, as when a
// number is pasted behind another; Parse refuses it.
//
// A leading 00 is a plus, everywhere: nearly everywhere it is dialled so, and
// libphonenumber knows it only as a prefix of the region that it is given. The
// exception is a country whose own national prefix begins with it (none today).
func scan(line string, country Country) reading {
	r := reading{trunk: -1}
	digits := make([]byte, 0, maxTyped)
	opened := false // directly after an opening bracket
	zero := -1      // a 0 directly after it, until the bracket closes
	for i, c := range line {
		switch {
		case '0' <= c && c <= '9':
			zero = -1
			if opened && c == '0' && len(digits) > 0 {
				zero = len(digits)
			}
			opened = false
			digits = append(digits, byte(c))
		case c == '(':
			opened = true
		case c == ')':
			if zero >= 0 {
				r.trunk = zero
			}
			opened, zero = false, -1
		case c == '+':
			if len(digits) > 0 {
				r.problem = NotANumber
			}
			digits, r.international, r.plus = digits[:0], true, true
			r.trunk, zero, opened = -1, -1, false
		case between(c):
		case r.problem == "":
			r.problem = NotANumber
			if len(digits) > 0 && extends(line[i:]) {
				r.problem = Extension
			}
		}
	}
	r.digits = string(digits)
	if !r.international && strings.HasPrefix(r.digits, "00") && !plans().doubleZero(country) {
		r.digits, r.international = r.digits[2:], true
		if r.trunk >= 0 {
			r.trunk -= 2
		}
	}
	return r
}

// withoutTrunk is the digits without the "(0)".
func (r reading) withoutTrunk() string {
	if r.trunk < 0 {
		return r.digits
	}
	return r.digits[:r.trunk] + r.digits[r.trunk+1:]
}

// between reports whether c may stand between digits. What looks like one of these is one: see typed.Line.
func between(c rune) bool { return strings.ContainsRune(" -./[]~·ー", c) }

// label is what stands before a number in a signature, an address book or a link: "Tel.: ", "M: ", "tel:".
var label = regexp.MustCompile(`^(?:\pL{1,12}[.:]+ ?)+/{0,2}`)

// read returns what was typed as a line, without a label before it.
func read(text string) string {
	line := typed.Line(text)
	return line[len(label.FindString(line)):]
}

// extends reports whether rest, which follows a number, is an extension: dropping
// it would save another number than the one that was typed.
func extends(rest string) bool {
	if strings.ContainsAny(rest[:1], "xX#,;*") {
		return true
	}
	return len(rest) >= 3 && strings.EqualFold(rest[:3], "ext")
}
