// Package typed reads what people type, paste and dictate, or what a phone's keyboard makes of it: what is seen is
// compared, and not its bytes.
//
// The rule it protects: text that looks the same is the same. Every place where text comes in (forms, searches, files
// of users, the command line) reads it here and nowhere else, so that no field lacks what another learned. Passwords
// alone are kept closer to what was typed: see docs/adr/0017-typed-text.md. Start at Line.
package typed

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxLine bounds a line, in bytes: no field takes as much, and what is longer is cut.
const maxLine = 16 << 10

// Line returns text as one line in one form: NFKC, without what nobody sees, each run of blanks and line ends a space,
// none at the ends, every dash a hyphen, every quotation mark a straight one, every digit one of 0 to 9. It is
// idempotent.
func Line(text string) string {
	if plain(text) {
		return text
	}
	if len(text) > maxLine {
		text = text[:maxLine]
	}
	// Invisible characters keep others apart, so that dropping some lets others compose: the second round settles both.
	text = fold(norm.NFKC.String(Visible(strings.ToValidUTF8(text, ""))))
	return strings.Join(strings.Fields(fold(norm.NFKC.String(text))), " ")
}

// plain reports whether text is printed ASCII without two blanks in a row, as nearly all is.
func plain(text string) bool {
	blank := true
	for i := range len(text) {
		b := text[i]
		if b < ' ' || b > '~' || b == '`' || b == ' ' && blank {
			return false
		}
		blank = b == ' '
	}
	return text == "" || !blank
}

func fold(text string) string {
	return strings.Map(func(r rune) rune {
		switch d, isDigit := digit(r); {
		case isDigit:
			return d
		case isBlank(r):
			return ' '
		case unicode.IsControl(r) || r == unicode.ReplacementChar || Unseen(r):
			return -1
		case isDash(r):
			return '-'
		case strings.ContainsRune(apostrophes, r):
			return '\''
		case strings.ContainsRune(quotes, r):
			return '"'
		}
		return r
	}, text)
}

// Marks that keyboards and word processors put for ' and ".
const (
	apostrophes = "\u2018\u2019\u201A\u201B\u2032\u2035\u2039\u203A\u02B9\u02BB\u02BC\u02BD\u02C8\u02CA\u02CB\u00B4`\uA78C"
	quotes      = "\u201C\u201D\u201E\u201F\u2033\u2036\u00AB\u00BB\u02BA\u301D\u301E\u301F"
)

func isBlank(r rune) bool {
	// U+2800 is the pattern of braille without a dot.
	return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || r == '\u2028' || r == '\u2029' || r == '\u2800'
}

// isDash reports whether r is read as a hyphen or dash. U+2212 is a minus.
func isDash(r rune) bool {
	return unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u2043' || r == '\u02D7'
}

// Unseen reports whether r shows nothing by itself: byte order marks, marks of direction, joiners, soft hyphens,
// selectors of a variant. What shows is a letter or sign without it.
func Unseen(r rune) bool {
	return r > unicode.MaxLatin1 && (unicode.In(r, unicode.Cf, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point)) || r == '\u00AD'
}

// Visible returns text without what Unseen says.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if Unseen(r) {
			return -1
		}
		return r
	}, text)
}

// Password returns a password in the form that is hashed and measured: NFKC, without what nobody sees, each kind of
// blank a space. Dashes, quotation marks, digits of other scripts, case and blanks at the ends stay as they are: they
// are seen, and hold some of its strength. Text that is not valid is returned unread.
func Password(text string) string {
	blanks := func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}
	if invalid := strings.ToValidUTF8(text, "") != text; invalid {
		return text
	}
	text = norm.NFKC.String(Visible(text))
	return norm.NFKC.String(strings.Map(blanks, Visible(text)))
}

// Secret returns a secret that a machine made and somebody pasted, such as a client secret: nothing unseen is in it and
// no blanks are about it.
func Secret(text string) string { return strings.TrimSpace(Visible(text)) }
