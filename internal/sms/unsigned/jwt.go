// Package jwt stands in for golang-jwt v3, by a replace in our go.mod. Vonage's SDK imports that for its generator of
// tokens, which is the only way to its clients; version 3 has a fault (CVE-2025-30204) and will never have a mend.
// Calls are signed with version 5 (internal/sms), nothing asks the generator, and nothing here signs.
package jwt

import "errors"

// errUnsigned is the answer to whoever asks the SDK for a token.
var errUnsigned = errors.New("tokens are signed by internal/sms, not by Vonage's SDK")

// MapClaims are what a token claims.
type MapClaims map[string]any

// SigningMethodRS256 names the SDK's method.
const SigningMethodRS256 = "RS256"

// Token is none.
type Token struct {
	Header map[string]any
	Claims any
}

// NewWithClaims returns a Token that cannot be signed.
func NewWithClaims(method string, claims MapClaims) *Token {
	return &Token{map[string]any{"alg": method}, claims}
}

// SignedString returns an error.
func (*Token) SignedString(any) (string, error) { return "", errUnsigned }

// ParseRSAPrivateKeyFromPEM returns an error.
func ParseRSAPrivateKeyFromPEM([]byte) (any, error) { return nil, errUnsigned }
