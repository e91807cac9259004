package session

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// MaxLiving is how many sessions of one user live at once; with one more the oldest ends (ASVS 7.1.2). As
// many log-ins may be pending beside them: who knows no more than the password cannot end the session of
// the user who proved both.
const MaxLiving = 20

// leastLevel is the level of a session that may do something.
func leastLevel(twoFactorRequired bool) int16 {
	if twoFactorRequired {
		return 2
	}
	return 1
}

// displace ends the oldest sessions of a user before the one called keep makes more than MaxLiving: of the pending log-ins when
// it is one, else of the sessions of at least the level least.
func (s *Store) displace(ctx context.Context, tx pgx.Tx, user account.User, client Client, keep int64, pending bool, least int16) error {
	which := dbsqlc.SessionOldestParams{UserID: user.ID, Keep: keep, Low: least, High: 2, Newest: MaxLiving - 1}
	if pending {
		which.Low, which.High = 1, 1
	}
	oldest, err := s.q.SessionOldest(ctx, tx, which)
	if err != nil {
		return fmt.Errorf("look for too many sessions of user %d: %w", user.ID, err)
	}
	for _, id := range oldest {
		if err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: id, Outcome: "abandoned"}); err != nil {
			return fmt.Errorf("abandon the challenge of session %d: %w", id, err)
		}
		if _, err := s.q.SessionEnd(ctx, tx, dbsqlc.SessionEndParams{ID: id, UserID: user.ID}); err != nil {
			return fmt.Errorf("end session %d: %w", id, err)
		}
		event := audit.Event{Office: user.OfficeID, Actor: user.Person(), Action: audit.SessionDisplaced, Address: client.Address}
		if err := s.log.Write(ctx, tx, event); err != nil {
			return err
		}
	}
	return nil
}

// Owns reports whether a living session is one of the acting session's user.
func (s *Store) Owns(ctx context.Context, acting Session, id int64) (bool, error) {
	owned, err := s.q.SessionOwned(ctx, s.pool, dbsqlc.SessionOwnedParams{ID: id, UserID: acting.User.ID})
	if err != nil {
		return false, fmt.Errorf("look for session %d: %w", id, err)
	}
	return owned, nil
}

// EndOwn ends every session of the acting session's user but the acting one.
func (s *Store) EndOwn(ctx context.Context, acting Session, client Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.EndOthers(ctx, tx, acting.User.ID, acting.ID); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, acting.Event(audit.OtherSessionsEnded, client))
	})
}

// EndOffice ends every session of an office but one (0: every one), in the transaction of what demands it.
func (s *Store) EndOffice(ctx context.Context, tx pgx.Tx, officeID, but int64) error {
	err := s.q.ChallengeEndOfOffice(ctx, tx, dbsqlc.ChallengeEndOfOfficeParams{OfficeID: officeID, But: but, Outcome: "abandoned"})
	if err != nil {
		return fmt.Errorf("abandon the challenges of office %d: %w", officeID, err)
	}
	if _, err := s.q.SessionEndOfOffice(ctx, tx, dbsqlc.SessionEndOfOfficeParams{OfficeID: officeID, But: but}); err != nil {
		return fmt.Errorf("end the sessions of office %d: %w", officeID, err)
	}
	return nil
}
