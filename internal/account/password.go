package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/nightlatch/nightlatch/internal/typed"
)

const (
	// minPasswordWithFactor: NIST SP 800-63B-4 §3.1.1.2 for a password that is one factor of two.
	minPasswordWithFactor = 8
	// minPasswordAlone is ours where the password is all there is; NIST says 15.
	minPasswordAlone = 12
	maxPassword      = 128
	// minWord: shorter words of a name ("de", "van") say little and stand in many a good password.
	minWord = 4
	// enoughBeside: so many characters beside a common password make it another one.
	enoughBeside = 8
)

// PasswordFor is whom a password is for: it must not be made of their words.
type PasswordFor struct {
	Username   string
	Name       string
	Email      string
	OfficeCode string
	OfficeName string
	Product    string
	// TwoFactorRequired: the password is one factor of two, and may be shorter.
	TwoFactorRequired bool
}

// Least is the shortest password, in characters.
func (p PasswordFor) Least() int {
	if p.TwoFactorRequired {
		return minPasswordWithFactor
	}
	return minPasswordAlone
}

// Refusal says why a password cannot be given: Key and Args for a page, in the user's language; as an error, a
// sentence for the command line. Neither holds the password.
type Refusal struct {
	Key      string // of the catalogue
	Args     []any  // pairs of a name and a value
	sentence string
}

func (r *Refusal) Error() string { return r.sentence }

var errPassword = errors.New("password refused")

// PasswordProblem says why a password cannot be given to this user, or nil when it can. Lengths are in runes.
// There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2): length, and not what everybody would guess.
func PasswordProblem(password string, p PasswordFor) *Refusal {
	password = typed.Password(password)
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return &Refusal{"password.not_text", nil, "the password is not valid text"}
	case n < p.Least():
		return &Refusal{
			"password.too_short", []any{"Least", p.Least()}, fmt.Sprintf("the password has %d characters and needs at least %d",
				n, p.Least()),
		}
	case n > maxPassword:
		return &Refusal{
			"password.too_long", []any{"Most", maxPassword}, fmt.Sprintf("the password has more than %d characters",
				maxPassword),
		}
	}
	plain := strings.ToLower(password)
	if plain == strings.ToLower(p.Username) || plain == strings.ToLower(p.OfficeCode+p.Username) {
		return &Refusal{"password.own_word", []any{"Word", p.Username}, "the password is the username"}
	}
	for _, word := range p.words() {
		if strings.Contains(plain, word) {
			return ownWord(word)
		}
	}
	switch {
	case common(plain):
		return &Refusal{
			"password.common", nil, "the password is one of the most common ones, or one with a few characters around it",
		}
	case monotonous(plain):
		return &Refusal{"password.pattern", nil, "the password repeats itself or counts"}
	}
	return nil
}

func ownWord(word string) *Refusal {
	return &Refusal{
		"password.own_word", []any{"Word", word}, fmt.Sprintf("the password holds %q: names of the user, the office and "+
			"the product are guessed first", word),
	}
}

// words are what is known about the user to anybody who guesses, in lower case, each of minWord characters or more.
func (p PasswordFor) words() []string {
	var words []string
	for _, text := range []string{p.Username, p.Name, p.Email, p.OfficeCode, p.OfficeName, p.Product} {
		text = strings.ToLower(norm.NFKC.String(text))
		words = append(words, strings.FieldsFunc(text, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})...)
	}
	long := words[:0]
	for _, w := range words {
		if utf8.RuneCountInString(w) >= minWord {
			long = append(long, w)
		}
	}
	return long
}

// common reports whether a password in lower case is a common one, or a common one with up to seven digits or
// signs before and behind it ("Welcome2024!").
func common(plain string) bool {
	if isCommon(plain) {
		return true
	}
	core := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
	beside := utf8.RuneCountInString(plain) - utf8.RuneCountInString(core)
	return core != "" && beside < enoughBeside && isCommon(core)
}

// monotonous reports whether a text is one part over and over ("abcabcabcabc"), or runs of the alphabet or of digits.
func monotonous(plain string) bool {
	if twice := plain + plain; strings.Contains(twice[1:len(twice)-1], plain) {
		return true
	}
	runes := []rune(plain)
	steps := 0
	for i := 1; i < len(runes); i++ {
		if d := runes[i] - runes[i-1]; d >= -1 && d <= 1 {
			steps++
		}
	}
	return steps*10 >= (len(runes)-1)*8
}

// Strength is how good a password is, as a word of the catalogue: password.strength_<word>. The words are refused,
// fair, good and strong; it judges length, since that is what costs a guesser most.
func Strength(password string, p PasswordFor) string {
	if PasswordProblem(password, p) != nil {
		return "refused"
	}
	password = typed.Password(password)
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	// Characters that come again and again count half.
	switch n := (utf8.RuneCountInString(password) + 2*min(len(distinct), 24)) / 3; {
	case n >= 15:
		return "strong"
	case n >= 11:
		return "good"
	}
	return "fair"
}

// long reports whether a password is long enough to stand alone.
func long(password string) bool { return utf8.RuneCountInString(password) >= minPasswordAlone }
