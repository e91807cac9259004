package sms

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortestName is how much of a cut product name is worth keeping, in characters.
const shortestName = 3

// Body is the text with a code: a sentence, and on the last line the code bound to
// our host (wicg.github.io/sms-one-time-codes), which is what lets a phone offer it
// on our page and on no other. lang is "nl" for Dutch (a region may follow) and
// English otherwise; host may have a port, which that format has no place for.
//
// The result is one GSM-7 segment. Names of up to 30 characters and hosts of up to
// 50 fit as they are. When something must give, it is the name's unwritable
// characters first, then the name's end, then the name, and the last line last; the
// code and how long it is valid always stay.
func Body(lang, product, host, code string, minutesLeft int) string {
	minutesLeft = max(minutesLeft, 1) // "0 minutes" helps nobody
	line := boundCode(host, code)

	for name := gsmName(product); name != ""; name = shorten(name) {
		if text := sentence(lang, name, code, minutesLeft) + line; fits(text) {
			return text
		}
	}
	if text := sentence(lang, "", code, minutesLeft) + line; fits(text) {
		return text
	}
	return sentence(lang, "", code, minutesLeft)
}

func fits(text string) bool {
	septets, ok := GSM7(text)
	return ok && septets <= Segment
}

func sentence(lang, name, code string, minutes int) string {
	if isDutch(lang) {
		unit := "minuten"
		if minutes == 1 {
			unit = "minuut"
		}
		if name != "" {
			name = " voor " + name
		}
		return fmt.Sprintf("%s is uw verificatiecode%s. De code is %d %s geldig.", code, name, minutes, unit)
	}
	unit := "minutes"
	if minutes == 1 {
		unit = "minute"
	}
	if name != "" {
		name += " "
	}
	return fmt.Sprintf("%s is your %sverification code. It is valid for %d %s.", code, name, minutes, unit)
}

// isDutch reports whether a language is Dutch, of whatever region; all else is English.
func isDutch(lang string) bool {
	base, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return strings.EqualFold(base, "nl")
}

// hostShape is what browsers read after the @: no port, no brackets, no letters
// beyond ASCII (such a host must be configured in its xn-- form).
var hostShape = regexp.MustCompile(`^[0-9A-Za-z.-]{1,253}$`)

// boundCode is the last line with its line break, or "" where the host cannot
// stand in one: a phone then still offers the code, only bound to no page.
func boundCode(host, code string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !hostShape.MatchString(host) {
		return ""
	}
	return "\n@" + strings.ToLower(host) + " #" + code
}

// gsmName writes a product name in GSM-7 on one line: é stays, ë becomes e, and
// what has no likeness is left out. It returns "" when too little is left.
func gsmName(product string) string {
	var b strings.Builder
	for _, r := range product {
		switch like, ok := likeness[r]; {
		case unicode.IsSpace(r): // a line break in a name would forge a last line
			b.WriteByte(' ')
		case strings.ContainsRune(gsmBasic+gsmExtension, r):
			b.WriteRune(r)
		case ok:
			b.WriteString(like)
		}
	}
	name := strings.Join(strings.Fields(b.String()), " ")
	if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return "" // only dashes and dots are left
	}
	return name
}

// shorten takes one character from the end, and any blank before it; a stump too
// short to know is taken whole.
func shorten(name string) string {
	_, size := utf8.DecodeLastRuneInString(name)
	name = strings.TrimRight(name[:len(name)-size], " ")
	if utf8.RuneCountInString(name) < shortestName {
		return ""
	}
	return name
}

// likeness says how to write what GSM-7 lacks; the standard library has no table
// for it. Latin letters lose their marks, signs become their plain brothers.
var likeness = func() map[rune]string {
	table := map[rune]string{
		'Œ': "OE", 'œ': "oe", 'Þ': "Th", 'þ': "th", 'ẞ': "SS", 'Ĳ': "IJ", 'ĳ': "ij",
		'…': "...", '«': "\"", '»': "\"", '×': "x", '™': "TM", '®': "(R)", '©': "(C)",
	}
	for like, letters := range map[string]string{
		"A": "ÀÁÂÃĀĂĄ", "a": "áâãāăą", "C": "ĆĈĊČ", "c": "çćĉċč", "D": "ĎĐÐ", "d": "ďđð",
		"E": "ÈÊËĒĔĖĘĚ", "e": "êëēĕėęě", "G": "ĜĞĠĢ", "g": "ĝğġģ", "H": "ĤĦ", "h": "ĥħ",
		"I": "ÌÍÎÏĨĪĬĮİ", "i": "íîïĩīĭįı", "J": "Ĵ", "j": "ĵ", "K": "Ķ", "k": "ķ", "L": "ĹĻĽŁ", "l": "ĺļľł",
		"N": "ŃŅŇ", "n": "ńņň", "O": "ÒÓÔÕŌŎŐ", "o": "óôõōŏő", "R": "ŔŖŘ", "r": "ŕŗř",
		"S": "ŚŜŞŠȘ", "s": "śŝşšș", "T": "ŢŤŦȚ", "t": "ţťŧț", "U": "ÙÚÛŨŪŬŮŰŲ", "u": "úûũūŭůűų",
		"W": "Ŵ", "w": "ŵ", "Y": "ÝŶŸ", "y": "ýÿŷ", "Z": "ŹŻŽ", "z": "źżž",
		"'": "‘’‚′`´", "\"": "“”„″", "-": "‐‑‒–—−", ".": "·•",
	} {
		for _, r := range letters {
			table[r] = like
		}
	}
	return table
}()
