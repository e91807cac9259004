package issuer

import (
	"encoding/base64"

	"github.com/nightlatch/nightlatch/internal/keys"
)

// sealing makes access tokens of the ids of their rows: nobody else can make one, nor read what it says.
type sealing struct{ ring *keys.Ring }

const purposeToken = "oidc access token" // #nosec G101 -- names a purpose

func (s sealing) Encrypt(plain string) (string, error) {
	return base64.RawURLEncoding.EncodeToString(s.ring.Seal(purposeToken, "", []byte(plain))), nil
}

func (s sealing) Decrypt(token string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", keys.ErrOpen
	}
	plain, err := s.ring.Open(purposeToken, "", raw)
	return string(plain), err
}
