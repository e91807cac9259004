package account

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The longest names, in runes. What is typed is cut one rune later, so that a longer name is refused or
// unknown and never the twin of the name it begins with.
const (
	maxName = 64
	maxCode = 32
)

// CanonicalUsername is the one form of a username, used for look-up and for counting failures alike:
// trimmed, NFKC, case folded, without control characters. "Bob", "BOB " and a full-width "ｂｏｂ" are one
// user with one counter (CVE-2025-6004). It is idempotent.
func CanonicalUsername(typed string) string {
	s := clean(typed)
	// Folding can denormalise and normalising can unfold: the second round settles both.
	for range 2 {
		s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	}
	return strings.TrimSpace(clip(strings.TrimSpace(s), maxName+1))
}

// CanonicalOfficeCode is the one form of an office code: trimmed, NFKC, upper case.
func CanonicalOfficeCode(typed string) string {
	s := strings.ToUpper(norm.NFKC.String(clean(typed)))
	return strings.TrimSpace(clip(strings.TrimSpace(s), maxCode+1))
}

// counted names the row that counts a name's failures, whether or not such a user exists.
func counted(office, username string) string { return office + "/" + username }

// clean drops what no name has and PostgreSQL refuses: broken UTF-8, NUL and other control characters.
func clean(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func clip(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

var errUsername = errors.New("the username needs 1 to 64 letters, digits or . _ - @ + '")

// validUsername reports whether a canonical username may be given to a new user.
func validUsername(s string) bool {
	if s == "" || len([]rune(s)) > maxName {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+'", r) {
			return false
		}
	}
	return true
}
