package federation

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
)

// claims is what a verified ID token says of somebody.
type claims struct {
	Subject  string
	Label    string // what the provider calls them: to be read, never to find a user by
	AMR      []string
	ACR      string
	AuthTime time.Time // zero when the provider does not say
}

// read takes what we use from a token whose signature, issuer, audience and expiry are right.
func read(token *oidc.IDToken, clientID string, nonceHash []byte) (claims, error) {
	if token.Nonce == "" || subtle.ConstantTimeCompare(hash(token.Nonce), nonceHash) != 1 {
		return claims{}, errors.New("the ID token has another nonce")
	}
	var raw map[string]json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return claims{}, errors.New("the ID token's claims are no object")
	}
	// Made for several parties, it must have been made at our request (OpenID Connect Core §3.1.3.7).
	azp := text(raw["azp"])
	if len(token.Audience) > 1 && azp == "" || azp != "" && azp != clientID {
		return claims{}, errors.New("the ID token was made for another party")
	}
	if s := token.Subject; s == "" || len(s) > 255 || clean(s) != s {
		return claims{}, errors.New("the ID token's subject is not one")
	}
	c := claims{Subject: token.Subject, ACR: text(raw["acr"])}
	for _, claim := range []string{"preferred_username", "name"} {
		if c.Label == "" {
			c.Label = text(raw[claim])
		}
	}
	if c.Label == "" {
		c.Label = c.Subject
	}
	var list []any
	if one := text(raw["amr"]); one != "" {
		list = []any{one} // some providers send a list of one as a text
	} else if json.Unmarshal(raw["amr"], &list) != nil {
		list = nil
	}
	if len(list) > 0 {
		for _, v := range list {
			if word, ok := v.(string); ok && len(c.AMR) < 20 {
				c.AMR = append(c.AMR, short(word))
			}
		}
	}
	var seconds float64
	if json.Unmarshal(raw["auth_time"], &seconds) == nil && seconds > 0 && seconds < 1e11 {
		c.AuthTime = time.Unix(int64(seconds), 0)
	}
	return c, nil
}

// text is a claim that should be a short text, "" when it is anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return short(s)
}

func short(s string) string {
	if r := []rune(clean(s)); len(r) > 100 {
		return string(r[:100])
	}
	return clean(s)
}

// clean drops what has no place in a line of text, and what PostgreSQL refuses.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// secondFactors are the methods of RFC 8176 that say more than a password: several factors, or something
// that one has or is. Not among them: pwd, pin and kba (one knows them), user (presence), and geo, rba and
// wia, which no user proves.
var secondFactors = []string{
	"mfa", "mca", "otp", "sms", "tel", "hwk", "swk", "sc", "pop", "fpt", "face", "iris", "retina", "vbm",
}

// authTimeLimit is how long ago the provider may have seen the user: as long as a proof of ours is fresh.
const authTimeLimit = 10 * time.Minute

// clockSkew is how far a provider's clock may be ahead of ours.
const clockSkew = time.Minute

// lacks says what keeps a provider's word from counting as two factors, "" when nothing does: no method of
// secondFactors and no acr that the office listed, or nobody says when, or too long ago.
func (c claims) lacks(acrs []string, now time.Time) string {
	strong := c.ACR != "" && slices.Contains(acrs, c.ACR)
	for _, method := range c.AMR {
		strong = strong || slices.Contains(secondFactors, method)
	}
	if !strong {
		return "second_factor"
	}
	if c.AuthTime.IsZero() || now.Sub(c.AuthTime) > authTimeLimit || c.AuthTime.Sub(now) > clockSkew {
		return "auth_time"
	}
	return ""
}
