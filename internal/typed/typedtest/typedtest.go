// Package typedtest decorates text as keyboards, clipboards and spreadsheets do, for tests that whatever looks the same
// is read as the same.
package typedtest

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Decorated returns a text in ways that look like it: each is read by package typed as the text itself.
func Decorated(text string) []string {
	swap := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }
	between := func(mark string) string { return strings.Join(strings.Split(text, ""), mark) }
	all := []string{
		"\ufeff\ufeff" + text, " \t" + text + "\r\n", "\u00a0" + text + "\u3000", "\u202a" + text + "\u202c",
		"\u2068" + text + "\u2069", text + "\u200b", text + "\u2060\u200e", between("\u200b"), between("\ufe0f"), wide(text),
		norm.NFD.String(text), norm.NFKD.String(text),
		swap("-", "\u2011"), swap("-", "\u2013"), swap("-", "\u2212"), swap(" ", "\u00a0"), swap(" ", "\n"),
		swap(" ", "\u202f "), swap("'", "\u2019"), swap("'", "\u02bc"), swap(`"`, "\u201c"),
	}
	for _, zero := range []rune{'\u0660', '\u06f0', '\u0966', '\uff10'} {
		all = append(all, strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return zero + r - '0'
			}
			return r
		}, text))
	}
	return all
}

// wide returns the letters and digits of a text as East Asian keyboards type them.
func wide(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r - '!' + '\uff01'
		}
		return r
	}, text)
}
