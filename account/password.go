package account

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// minPasswordWithFactor: NIST SP 800-63B-4 §3.1.1.2 for a password that is one factor of two.
	minPasswordWithFactor = 8
	// minPasswordAlone is ours where the password is all there is; NIST says 15.
	minPasswordAlone = 12
	maxPassword      = 128
)

// PasswordProblem says in a sentence why a password cannot be given to this user, or "" when it can.
// Lengths are in runes. There are no rules of composition.
func PasswordProblem(password, username, officeCode string, twoFactorRequired bool) string {
	least := minPasswordAlone
	if twoFactorRequired {
		least = minPasswordWithFactor
	}
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return "the password is not valid text"
	case n < least:
		return fmt.Sprintf("the password has %d characters and needs at least %d", n, least)
	case n > maxPassword:
		return fmt.Sprintf("the password has more than %d characters", maxPassword)
	case strings.EqualFold(password, username), strings.EqualFold(password, officeCode+username):
		return "the password is the username"
	}
	return ""
}

var errPassword = errors.New("password refused")
