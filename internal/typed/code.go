package typed

import (
	"regexp"
	"strings"
	"unicode"
)

// Digits is how many digits a code has.
const Digits = 6

// group is a code in a text around it: six digits at once, or twice three with one blank or hyphen between. What
// touches it is neither digit nor letter.
var group = regexp.MustCompile(`(?:^|[^\pL\d])(\d{3}[ -]?\d{3})(?:$|[^\pL\d])`)

// Code returns the code in what was typed or pasted, and whether there is one: six digits with anything but letters
// between them, or a whole message in which exactly one group of six digits is.
func Code(text string) (string, bool) {
	text = Line(text)
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		if digits := only(text); len(digits) == Digits {
			return digits, true
		}
	}
	code := ""
	// A match takes the character behind it, which may stand before the next.
	for at := 0; at < len(text); {
		m := group.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		from, to := at+m[2], at+m[3]
		at = to
		found := only(text[from:to])
		if partOfNumber(text, from, to) {
			continue
		}
		if code != "" && code != found {
			return "", false
		}
		code = found
	}
	return code, code != ""
}

// partOfNumber reports whether more digits stand beside text[from:to], with one sign between as in a longer number.
func partOfNumber(text string, from, to int) bool {
	beside := func(a, b byte) bool { return strings.IndexByte(" -.,:/", a) >= 0 && '0' <= b && b <= '9' }
	return from >= 2 && beside(text[from-1], text[from-2]) || to+1 < len(text) && beside(text[to], text[to+1])
}

func only(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// listed is the number that a printed list puts before a word.
var listed = regexp.MustCompile(`^[^\pL\d]*\d{1,2} ?[.):] ?`)

// Letters returns a code of letters and digits, such as a recovery code, in lower case and without what stands between
// its groups, the number of a printed list included.
func Letters(text string) string {
	text = listed.ReplaceAllString(Line(text), "")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
