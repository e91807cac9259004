package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// What is sealed is AES-256-GCM with a nonce of its own, a MAC is HMAC-SHA-256, and their keys are HKDF-SHA-256 of the
// master key: told by the standard library alone.
func TestSealsAndMACsAreThoseOfTheStandards(t *testing.T) {
	t.Parallel()
	text := Generate()
	master, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	derived := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, master, nil, "nightlatch "+purpose, 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	r := ring(t, text)
	block, err := aes.NewCipher(derived("seal code"))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonces := map[string]bool{}
	for range 100 {
		sealed := r.Seal("code", "7", []byte("plain"))
		nonce := sealed[5 : 5+gcm.NonceSize()]
		plain, err := gcm.Open(nil, nonce, sealed[5+gcm.NonceSize():], []byte("7"))
		if err != nil || string(plain) != "plain" {
			t.Fatalf("opened %q, %v", plain, err)
		}
		nonces[string(nonce)] = true
	}
	if len(nonces) != 100 {
		t.Errorf("%d nonces of 100 are different", len(nonces))
	}
	mac := hmac.New(sha256.New, derived("mac code"))
	_, _ = fmt.Fprint(mac, "1:7value")
	if !bytes.Equal(r.MAC("code", "7", "value"), mac.Sum(nil)) {
		t.Error("the MAC is another")
	}
}
