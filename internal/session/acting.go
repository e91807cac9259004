package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// Act is what an act on an office, or on another of its users, takes of whoever does it.
type Act struct {
	Role   account.Role // at least
	StepUp StepUp       // "" for an act that needs no step-up
}

// May returns fault.Forbidden unless the session's user may do the act, and fault.StepUpRequired when they may do it
// after a step-up.
func (s Session) May(act Act) error {
	if s.Pending() || !s.User.Role.AtLeast(act.Role) {
		return fault.Forbidden
	}
	if s.Limited {
		return ErrLimited
	}
	if act.StepUp == "" {
		return nil
	}
	return s.RequireStepUp(act.StepUp)
}

// Hold holds the row of the session's user to the end of tx, and returns the session as it stands behind that lock:
// what the request was let in with may be over, demanded or reset by now. It returns ErrNone for a session that ended,
// and for one whose second step comes first by now.
func Hold(ctx context.Context, tx pgx.Tx, sess Session) (Session, error) {
	q := dbsqlc.New()
	_, err := q.UserLock(ctx, tx, dbsqlc.UserLockParams{OfficeID: sess.User.OfficeID, ID: sess.User.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, fmt.Errorf("hold user %d: %w", sess.User.ID, err)
	}
	now, err := refresh(ctx, q, tx, sess)
	if err == nil && now.Pending() {
		return Session{}, ErrNone
	}
	return now, err
}

// ErrWordOwed says that the word of a reset is owed before a way in is added: see twofactor.Service.GiveWord.
var ErrWordOwed = fault.New(fault.Conflict, "the word of a reset is owed")

// ActingTx runs do in one transaction, behind every other change of the session's office, if the session may do the
// act. That is asked twice: before anything waits, and behind the lock, where the session's user may have been demoted,
// or the office have begun to demand a second factor. Every write of a superuser or accountant goes through here. now
// is the session as it stands behind the lock. It returns fault.Forbidden, fault.StepUpRequired, and ErrNone for a
// session that is pending by then.
func ActingTx(
	ctx context.Context, pool *db.Pool, sess Session, act Act, do func(tx pgx.Tx, now Session) error,
) error {
	if err := sess.May(act); err != nil {
		return err
	}
	q := dbsqlc.New()
	return db.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := q.OfficeHold(ctx, tx, sess.User.OfficeID); err != nil {
			return fmt.Errorf("hold office %d: %w", sess.User.OfficeID, err)
		}
		now, err := refresh(ctx, q, tx, sess)
		if errors.Is(err, ErrNone) {
			return fault.Forbidden
		}
		if err != nil {
			return err
		}
		if now.Pending() && now.User.Role.AtLeast(act.Role) {
			return ErrNone // its second step comes first
		}
		if err := now.May(act); err != nil {
			return err
		}
		return do(tx, now)
	})
}
