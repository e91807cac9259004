package typed

import (
	"strings"

	"golang.org/x/net/idna"
)

// Email returns an e-mail address as mail servers take it, the domain in lower case and in punycode. It does not judge
// it: what is no address comes back as a Line.
func Email(text string) string {
	text = Line(text)
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text = text[7:]
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	if host, ok := Host(text[at+1:]); ok {
		return text[:at+1] + host
	}
	return text
}

// Host returns the name of a host as the DNS has it, in lower case, in punycode and without a dot at the end, and
// whether it can be one.
func Host(name string) (string, bool) {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(Line(name), "."))
	return ascii, err == nil && ascii != ""
}
