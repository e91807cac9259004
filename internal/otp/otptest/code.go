// Package otptest shows the codes that an authenticator app would, for tests.
package otptest

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- RFC 6238's default, which every app speaks
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/nightlatch/nightlatch/internal/otp"
)

// Code returns the code of a step, computed here by RFC 4226 so that the product's library is checked by another hand.
func Code(t testing.TB, secret otp.Secret, step int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(secret))
	if err != nil {
		t.Fatalf("otptest: %v", err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	code := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", code%1_000_000)
}
