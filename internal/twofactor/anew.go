package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// SendAnew puts a new challenge, with a new code, in the place of one: for an operator who helps a user that waits. All
// limits hold. It answers ErrOver when the log-in has ended, has a newer challenge, or may not have this one any more;
// *Limited and *Wait.
func (s *Service) SendAnew(ctx context.Context, challengeID int64) error {
	var sess session.Session
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		c, err := s.q.ChallengeAnew(ctx, tx, challengeID)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrOver
		}
		if err != nil {
			return fmt.Errorf("read challenge %d: %w", challengeID, err)
		}
		sess = session.Session{ID: c.SessionID, User: account.User{ID: c.UserID, OfficeID: c.OfficeID, Username: c.Username}}
		if _, err := s.lockUser(ctx, tx, c.OfficeID, c.UserID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, c.UserID)
		if err != nil {
			return err
		}
		purpose := Purpose(c.Purpose)
		if mayAskAgain(sess, methods, purpose, false) != nil {
			return ErrOver
		}
		return s.start(ctx, tx, sess, purpose, phone.Number{E164: c.Number, Country: phone.Country(c.Country)}, c.Language, SMS)
	})
	return s.tellLimit(ctx, sess, err)
}
