package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// ResendNew puts a new challenge, with a new code, in the place of one: for an operator who helps a user that waits.
// All limits hold. It returns ErrOver when the log-in has ended, has a newer challenge, or may not have this one any
// more; *Limited and *Wait.
func (s *Service) ResendNew(ctx context.Context, challengeID int64) error {
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
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		purpose := factor.Purpose(c.Purpose)
		if judge(purpose, factor.SMS, now) != nil {
			return ErrOver
		}
		number := phone.Number{E164: c.Number, Country: phone.Country(c.Country)}
		return s.start(ctx, tx, now, purpose, number, c.Language, phone.ByText)
	})
	return s.tellLimit(ctx, sess, err)
}
