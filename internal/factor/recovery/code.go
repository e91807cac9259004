package recovery

import (
	"crypto/rand"
	"strings"

	"github.com/nightlatch/nightlatch/internal/typed"
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

// clean reads a code as typed: any case, anything but letters and digits between them, and an o for a 0.
func clean(text string) (string, bool) {
	code := strings.ReplaceAll(typed.Letters(text), "o", "0")
	foreign := func(r rune) bool { return !strings.ContainsRune(alphabet, r) }
	return code, len(code) == length && !strings.ContainsFunc(code, foreign)
}
