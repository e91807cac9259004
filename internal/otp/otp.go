// Package otp verifies time-based one-time passwords (TOTP, RFC 6238) with pquerna/otp, which neither reports the step
// that matched nor remembers used codes. Match returns the step, and its caller must accept each step once
// (authenticators.last_step): a code read over a shoulder would otherwise be good for another half minute.
package otp

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	potp "github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	// Digits of a code.
	Digits = 6
	// Period of a step.
	Period = 30 * time.Second
	// secretSize is 160 bits: RFC 4226 R6 recommends as much, and 32 base32 characters need no padding.
	secretSize = 20
)

// Secret is an authenticator's shared secret in base32 without padding, 32 characters.
type Secret string

// NewSecret returns a random secret.
func NewSecret() Secret {
	raw := make([]byte, secretSize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	return Secret(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

// Grouped returns the secret in groups of four characters, for typing it by hand.
func (s Secret) Grouped() string {
	var out []byte
	for i := range len(s) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// refused are the signs that stand between the parts of a label, or that some apps take for such.
var refused = strings.NewReplacer(":", " ", "/", " ", "?", " ", "#", " ", "%", " ", `\`, " ", `"`, " ")

// URI returns the otpauth:// URI that an authenticator app scans. The issuer stands in the label as well, since some
// apps read only one of the two. Apps keep one entry for a label, the last: both parts together must name one key.
func (s Secret) URI(issuer, account string) string {
	issuer = strings.Join(strings.Fields(refused.Replace(issuer)), " ")
	account = strings.Join(strings.Fields(refused.Replace(account)), " ")
	q := url.Values{"secret": {string(s)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// Apps show a plus as a plus: spaces must be %20.
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return "otpauth://totp/" + label + "?" + percentSpaces(q.Encode())
}

func percentSpaces(query string) string {
	var out []byte
	for i := range len(query) {
		if query[i] == '+' {
			out = append(out, "%20"...)
			continue
		}
		out = append(out, query[i])
	}
	return string(out)
}

// Step returns the number of whole periods from 1970 to now.
func Step(now time.Time) int64 { return now.Unix() / int64(Period/time.Second) }

// maxDrift is how many steps off a clock may be for Drift to notice, either way: ten minutes.
const maxDrift = 20

// Drift returns by how many steps the clock is off that made a code which Match does not take: negative when it is
// slow. ok is false for a code of no step near. Such a code admits nobody.
func Drift(secret Secret, code string, now time.Time) (steps int64, ok bool, err error) {
	opts := hotp.ValidateOpts{Digits: potp.DigitsSix, Algorithm: potp.AlgorithmSHA1}
	for off := int64(maxDrift); off > 1; off-- { // the nearest last
		for _, signed := range []int64{off, -off} {
			right, err := hotp.ValidateCustom(code, uint64(Step(now)+signed), string(secret), opts) // #nosec G115 -- positive
			if err != nil {
				return 0, false, fmt.Errorf("check a time-based code: %w", err)
			}
			if right {
				steps, ok = signed, true
			}
		}
	}
	return steps, ok, nil
}

// Match compares code with those of the steps T-1, T and T+1 and returns the step that matches. All three are always
// computed and compared in constant time. The code must be six ASCII digits (see typed.Code); an error means that the
// secret is damaged.
func Match(secret Secret, code string, now time.Time) (step int64, ok bool, err error) {
	opts := hotp.ValidateOpts{Digits: potp.DigitsSix, Algorithm: potp.AlgorithmSHA1}
	for s := Step(now) - 1; s <= Step(now)+1; s++ {
		right, err := hotp.ValidateCustom(code, uint64(s), string(secret), opts) // #nosec G115 -- a step is positive
		if err != nil {
			return 0, false, fmt.Errorf("check a time-based code: %w", err)
		}
		if right {
			step, ok = s, true
		}
	}
	return step, ok, nil
}
