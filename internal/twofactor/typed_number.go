package twofactor

import (
	"encoding/base64"
	"fmt"

	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// purposeTyped is the use of the keys for a number that is shown whole to who has just typed it.
const purposeTyped = "typed number"

// SealTyped returns a number that a session has just registered for a user, sealed: for a cookie, and for that session
// and user alone. OpenTyped returns it, as it is read.
func (s *Service) SealTyped(sess session.Session, userID int64, number phone.Number) string {
	sealed := s.keys.Seal(purposeTyped, typedRow(sess, userID), []byte(number.International()))
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// OpenTyped returns the number that SealTyped sealed; "" for anything else.
func (s *Service) OpenTyped(sess session.Session, userID int64, sealed string) string {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	number, err := s.keys.Open(purposeTyped, typedRow(sess, userID), raw)
	if err != nil {
		return ""
	}
	return string(number)
}

func typedRow(sess session.Session, userID int64) string {
	return fmt.Sprintf("%d:%d", sess.ID, userID)
}
