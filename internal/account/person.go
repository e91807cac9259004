package account

import (
	"regexp"
	"strings"
)

// MaxNameLength and MaxEmailLength are what the table takes, in characters.
const (
	MaxNameLength  = 120
	MaxEmailLength = 254 // RFC 5321 §4.5.3.1.3 less the angle brackets
)

// Line is what was typed on one line, without control characters and spaces around it.
func Line(typed string) string { return strings.TrimSpace(clean(typed)) }

// ValidUsername reports whether a username, made canonical, may be given to a new user.
func ValidUsername(canonical string) bool { return validUsername(canonical) }

// emailForm is no proof that the address exists: an invitation is. It keeps out what is no address, what a
// mail header could be broken with, and lists of several.
var emailForm = regexp.MustCompile(
	`^[^\s@<>()\[\],;:"\\]{1,64}@[\p{L}\d](?:[\p{L}\d-]*[\p{L}\d])?(?:\.[\p{L}\d](?:[\p{L}\d-]*[\p{L}\d])?)+$`)

// ValidEmail reports whether text is one e-mail address.
func ValidEmail(text string) bool {
	return len([]rune(text)) <= MaxEmailLength && emailForm.MatchString(text) && text == Line(text)
}
