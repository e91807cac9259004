package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTyped bounds the input, in bytes: 15 digits in the longest script (four
// bytes each) with little between them. Anything beyond is no number.
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

// scan reads what was typed while country was shown: digits of any script, a
// plus, and what people put between them. A second + begins anew, as when a
// number is pasted behind another; Parse refuses it.
//
// A leading 00 is a plus, everywhere: nearly everywhere it is dialled so, and
// libphonenumber knows it only as a prefix of the region that it is given. The
// exception is a country whose own national prefix begins with it (none today).
func scan(typed string, country Country) reading {
	r := reading{trunk: -1}
	digits := make([]byte, 0, maxTyped)
	opened := false // directly after an opening bracket
	zero := -1      // a 0 directly after it, until the bracket closes
	for i, c := range typed {
		d, isDigit := digit(c)
		switch {
		case isDigit:
			zero = -1
			if opened && d == 0 && len(digits) > 0 {
				zero = len(digits)
			}
			opened = false
			digits = append(digits, '0'+d)
		case c == '(' || c == '（':
			opened = true
		case c == ')' || c == '）':
			if zero >= 0 {
				r.trunk = zero
			}
			opened, zero = false, -1
		case c == '+' || c == '＋':
			if len(digits) > 0 {
				r.problem = NotANumber
			}
			digits, r.international, r.plus = digits[:0], true, true
			r.trunk, zero, opened = -1, -1, false
		case between(c):
		case r.problem == "":
			r.problem = NotANumber
			if len(digits) > 0 && extends(typed[i:]) {
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

// digit is the value of a decimal digit of any script. The ranges of unicode.Nd
// are whole runs of zero to nine.
func digit(c rune) (byte, bool) {
	if c >= '0' && c <= '9' {
		return byte(c - '0'), true
	}
	if c < utf8.RuneSelf || !unicode.Is(unicode.Nd, c) {
		return 0, false
	}
	for _, r := range unicode.Nd.R16 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10), true
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10), true
		}
	}
	return 0, false
}

// between reports whether c may stand between digits: space, hyphen, dot, slash
// and brackets of any script, and the invisible marks that come along when a
// number is copied from an address book.
func between(c rune) bool {
	switch c {
	case '-', '.', '/', '[', ']', '~', '·', '．', '／', '－', 'ー', '−', '\u00ad':
		return true
	}
	return unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || unicode.Is(unicode.Cf, c)
}

// extends reports whether rest, which follows a number, is an extension: dropping
// it would save another number than the one that was typed.
func extends(rest string) bool {
	if strings.ContainsAny(rest[:1], "xX#,;*") {
		return true
	}
	return len(rest) >= 3 && strings.EqualFold(rest[:3], "ext")
}
