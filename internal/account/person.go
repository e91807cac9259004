package account

import (
	"regexp"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// MaxNameLength and MaxEmailLength are what the table takes, in characters.
const (
	MaxNameLength  = 120
	MaxEmailLength = 254 // RFC 5321 §4.5.3.1.3 less the angle brackets
)

// ValidUsername reports whether a username, made canonical, may be given to a new user.
func ValidUsername(canonical string) bool { return validUsername(canonical) }

// emailForm is no proof that the address exists: an invitation is. It keeps out what is no address, what a
// mail header could be broken with, and lists of several.
var emailForm = regexp.MustCompile(
	`^[^\s@<>()\[\],;:"\\]{1,64}@[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?(?:\.[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?)+$`)

// ValidEmail reports whether text, read by typed.Email, is one e-mail address that a mail server takes.
func ValidEmail(text string) bool {
	return len([]rune(text)) <= MaxEmailLength && emailForm.MatchString(text) && text == typed.Email(text)
}
