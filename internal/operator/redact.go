package operator

import (
	"regexp"
	"strings"
)

var (
	// A code, a number, or a part of one, however it is divided.
	digits = regexp.MustCompile(`\+?[0-9](?:[ ().-]{0,2}[0-9]){3,}`)
	// What stands behind an address's path: secrets travel there by mistake.
	query = regexp.MustCompile(`(https?://[^\s"'?#]*)[?#][^\s"']*`)
	// A name with a secret behind it.
	secret = regexp.MustCompile(
		`(?i)((?:api[_-]?)?(?:key|secret|password|token|signature|sig|text|code|authorization)["']?\s*[=:]\s*)\S+`)
)

// longest is how much of an error is worth reading on the page; the log has all of it.
const longest = 160

// Redact makes an error fit for an operator's page: no run of four digits or more, no query, no secret, in
// one short line. Errors hold none of them; this is for the day one does.
func Redact(text string) string {
	text = query.ReplaceAllString(text, "$1?…")
	text = secret.ReplaceAllString(text, "$1•••")
	text = digits.ReplaceAllString(text, "•••")
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
