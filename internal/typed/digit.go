package typed

import "unicode"

// digit returns the ASCII digit that r means, and whether it is a decimal digit of any script. The ranges of unicode.Nd
// are whole runs of zero to nine.
func digit(r rune) (rune, bool) {
	if r < unicode.MaxLatin1 || !unicode.Is(unicode.Nd, r) {
		return r, '0' <= r && r <= '9'
	}
	for _, run := range unicode.Nd.R16 {
		if lo := rune(run.Lo); r >= lo && r <= rune(run.Hi) {
			return '0' + (r-lo)%10, true
		}
	}
	for _, run := range unicode.Nd.R32 {
		if lo := rune(run.Lo); r >= lo && r <= rune(run.Hi) { // #nosec G115 -- a code point
			return '0' + (r-lo)%10, true
		}
	}
	return r, false
}
