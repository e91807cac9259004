package session

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

// A token is 256 random bits, and what is looked up is its SHA-256.
func TestATokenIsRandomAndKeptAsItsHash(t *testing.T) {
	t.Parallel()
	var ones [256]int
	for range 400 {
		token := NewToken()
		raw, err := base64.RawURLEncoding.DecodeString(string(token))
		if err != nil || len(raw) != 32 {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		if sum := sha256.Sum256(raw); !bytes.Equal(token.Hash(), sum[:]) {
			t.Fatal("the hash is another")
		}
		for bit := range ones {
			ones[bit] += int(raw[bit/8] >> (bit % 8) & 1)
		}
	}
	// 200 are expected; 130 is seven deviations away.
	for bit, n := range ones {
		if n < 130 || n > 270 {
			t.Errorf("bit %d is set in %d of 400 tokens", bit, n)
		}
	}
}
