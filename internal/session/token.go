package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Token is what the cookie carries: 256 random bits. The database has only its hash.
type Token string

// tokenSize is 256 bits; ASVS 7.2.3 asks for 128.
const tokenSize = 32

// NewToken returns a random token.
func NewToken() Token {
	raw := make([]byte, tokenSize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	return Token(base64.RawURLEncoding.EncodeToString(raw))
}

// Hash returns the SHA-256 of the token, by which it is looked up; nil when it cannot be one of ours.
func (t Token) Hash() []byte {
	raw, err := base64.RawURLEncoding.DecodeString(string(t))
	if err != nil || len(raw) != tokenSize {
		return nil
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}
