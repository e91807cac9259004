package sms

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is what Vonage recommends. Each call has a token of its own.
const tokenLife = 15 * time.Minute

// token returns a token of the application (developer.vonage.com/en/getting-started/concepts/authentication). It is
// not the SDK's, which signs with a library that nobody mends any more. Its error may quote the key.
func (cfg *VoiceConfig) token(now time.Time) (string, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(cfg.PrivateKey)
	if err != nil {
		return "", fmt.Errorf("read the private key: %w", err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"application_id": cfg.Application, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "jti": newUUID(),
	}).SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
