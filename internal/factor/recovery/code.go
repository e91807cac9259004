package recovery

import (
	"crypto/rand"
	"strings"
)

const (
	// alphabet has no letter that reads like a digit; 32 of them are 5 bits each.
	alphabet = "abcdefghjkmnpqrstuvwxyz023456789"
	// length: 15 letters are 75 bits; NIST SP 800-63B-4 §4.2.1.1 asks for 64.
	length = 15
)

// NewCode returns a random code, in three groups.
func NewCode() string {
	raw := make([]byte, length)
	_, _ = rand.Read(raw)
	var code strings.Builder
	for i, b := range raw {
		if i > 0 && i%5 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(alphabet[b%32]) // 256 is a multiple of 32: no bias
	}
	return code.String()
}

// clean reads a code as typed: any case, spaces and hyphens anywhere, and an o for a 0.
func clean(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	var code []byte
	for _, b := range []byte(strings.ToLower(typed)) {
		switch {
		case b == ' ' || b == '-':
			continue
		case b == 'o':
			b = '0'
		case strings.IndexByte(alphabet, b) < 0:
			return "", false
		}
		code = append(code, b)
	}
	return string(code), len(code) == length
}
