package sms

import (
	"net"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortestName is how much of a cut product name is worth keeping, in characters.
const shortestName = 3

// Body returns the text with a code: a sentence, and on the last line the code bound to
// our host (wicg.github.io/sms-one-time-codes), which is what lets a phone offer it on
// our page and on no other. sentence writes the sentence, which has the code in it, with
// a product's name or with none for ""; host may have a port, which that format has no
// place for.
//
// The result is one GSM-7 segment for every sentence that is one without a name. Where
// the sentence takes 62 septets, names of up to 30 characters and hosts of up to 50 fit
// as they are. When something must give, it is the name's unwritable characters first,
// then the name's end, then the name, and the last line last; the sentence always stays.
func Body(product, host, code string, sentence func(name string) string) string {
	line := boundCode(host, code)
	for name := gsmName(product); name != ""; name = shorten(name) {
		if text := sentence(name) + line; fits(text) {
			return text
		}
	}
	if text := sentence("") + line; fits(text) {
		return text
	}
	return sentence("")
}

func fits(text string) bool {
	septets, ok := GSM7(text)
	return ok && septets <= Segment
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
		"I": "ÌÍÎÏĨĪĬĮİ", "i": "íîïĩīĭįı", "J": "Ĵ", "j": "ĵ", "K": "Ķ", "k": "ķ",
		"L": "ĹĻĽŁ", "l": "ĺļľł",
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
