package account

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// The longest names, in runes. What is typed is cut one rune later, so that a longer name is refused or
// unknown and never the twin of the name it begins with.
const (
	maxName = 64
	maxCode = 32
)

// CanonicalUsername is the one form of a username, in which it is stored, looked up and counted: what is seen (see
// typed.Line), in lower case. "Bob", "BOB " and a full-width "ｂｏｂ" are one user with one counter (CVE-2025-6004), and
// so are "İlker" and "ILKER": an i has a dot here, whatever the alphabet. It is idempotent.
func CanonicalUsername(text string) string {
	s := typed.Line(clean(text))
	// Folding can denormalise and normalising can unfold: the second round settles both.
	for range 2 {
		s = typed.Line(oneI.Replace(cases.Fold().String(s)))
	}
	return strings.TrimSpace(clip(s, maxName+1))
}

// oneI takes İ, which folds to i and a dot above, and ı for an i.
var oneI = strings.NewReplacer("i\u0307", "i", "\u0131", "i")

// LookUp returns the forms under which a user of this name may be stored: as names were stored before digits of other
// scripts, letters for an apostrophe and ı were read as what they look like, and CanonicalUsername. The first is the
// nearer one.
func LookUp(text string) []string {
	former := clean(text)
	for range 2 {
		former = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(former)))
	}
	former = strings.TrimSpace(clip(strings.TrimSpace(former), maxName+1))
	name := CanonicalUsername(text)
	if former == name {
		return []string{name}
	}
	return []string{former, name}
}

// CanonicalOfficeCode is the one form of an office code: what is seen, in upper case.
func CanonicalOfficeCode(text string) string {
	s := oneI.Replace(cases.Fold().String(typed.Line(clean(text))))
	return strings.TrimSpace(clip(typed.Line(strings.ToUpper(s)), maxCode+1))
}

// counted names the row that counts a name's failures, whether or not such a user exists.
func counted(office, username string) string { return office + "/" + username }

// clean drops what no name has and PostgreSQL refuses: broken UTF-8, NUL and other control characters but blanks.
func clean(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == unicode.ReplacementChar {
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
