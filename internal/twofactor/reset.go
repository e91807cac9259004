package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Reset takes every second factor of another user away, ends their sessions and tells them; they choose anew at the
// next log-in. A superuser does it, after a step-up, never for themselves. It returns account.ErrUnknown for a user of
// another office, ErrNotAllowed, fault.StepUpRequired.
func (s *Service) Reset(ctx context.Context, sess session.Session, client session.Client, userID int64) error {
	if userID == sess.User.ID {
		return ErrNotAllowed
	}
	resetting := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, resetting, func(tx pgx.Tx, _ session.Session) error {
		event := sess.Event(audit.TwoFactorReset, client)
		_, err := s.reset(ctx, tx, sess.User.OfficeID, userID, event, client.Language)
		return err
	})
}

// ForceReset is Reset from the operator's command line. The office's superusers are told.
func (s *Service) ForceReset(ctx context.Context, officeID, userID int64) error {
	event := audit.Event{Office: officeID, Actor: audit.CommandLine, Action: audit.TwoFactorReset}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		event, err := s.reset(ctx, tx, officeID, userID, event, "")
		if err != nil {
			return err
		}
		return s.tellSuperusers(ctx, tx, event)
	})
}

// reset is a reset in the transaction tx; it returns the event that it wrote. Its mail, in language unless the user
// chose one, names no browser and address, which are a superuser's.
func (s *Service) reset(
	ctx context.Context, tx pgx.Tx, officeID, userID int64, event audit.Event, language string,
) (audit.Event, error) {
	user, err := s.lockUser(ctx, tx, officeID, userID)
	if err != nil {
		return event, err
	}
	for _, f := range s.factors {
		if err := f.Remove(ctx, tx, userID); err != nil {
			return event, err
		}
	}
	if err := s.q.FactorFailureForget(ctx, tx, userID); err != nil {
		return event, fmt.Errorf("reset the failures of user %d: %w", userID, err)
	}
	if err := s.q.LimitGiveBack(ctx, tx, userID); err != nil {
		return event, fmt.Errorf("give user %d back what was spent: %w", userID, err)
	}
	if _, err := s.sessions.End(ctx, tx, session.Which{UserID: userID}); err != nil {
		return event, err
	}
	if err := s.notify(ctx, tx, userID, NoticeReset, session.Client{Language: language}); err != nil {
		return event, err
	}
	// The request for it, if there was one, is granted.
	if _, err := s.q.ResetRequestDelete(ctx, tx, userID); err != nil {
		return event, fmt.Errorf("close the request of user %d: %w", userID, err)
	}
	event.Subject = user.Person()
	return event, s.log.Write(ctx, tx, event)
}
