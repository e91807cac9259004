package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// MayRegister reports whether somebody of role actor may register the number of a user of role subject.
func MayRegister(actor, subject account.Role) bool {
	return actor.ManagesUsers() && actor.AtLeast(subject)
}

// RegisterNumber notes the mobile number of a user of the session's office (the acting user included) who
// has no confirmed factor. It stays unconfirmed until its user proves it at a log-in.
// It answers account.ErrUnknown for a user of another office, ErrNotAllowed, ErrHasFactor.
func (s *Service) RegisterNumber(ctx context.Context, sess session.Session, client session.Client, userID int64, number phone.Number) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		user, err := s.lockUser(ctx, tx, sess.User.OfficeID, userID)
		if err != nil {
			return err
		}
		if !MayRegister(sess.User.Role, user.Role) {
			return ErrNotAllowed
		}
		methods, err := s.methods(ctx, tx, userID)
		if err != nil {
			return err
		}
		if methods.HasFactor() {
			return ErrHasFactor
		}
		n, err := s.q.MobileNumberRegister(ctx, tx, dbsqlc.MobileNumberRegisterParams{
			UserID: userID, Number: number.E164, Country: string(number.Country), RegisteredBy: &sess.User.ID,
		})
		if err != nil {
			return fmt.Errorf("register the number of user %d: %w", userID, err)
		}
		if n == 0 {
			return ErrHasFactor
		}
		// A code on its way to the number before must not confirm anything any more.
		err = s.q.ChallengeEndOfUser(ctx, tx, dbsqlc.ChallengeEndOfUserParams{UserID: userID, Outcome: "replaced"})
		if err != nil {
			return fmt.Errorf("replace the challenges of user %d: %w", userID, err)
		}
		event := sess.Event(audit.NumberRegistered, client)
		event.Subject, event.Detail = user.Person(), phone.Masked(number.E164)
		return s.log.Write(ctx, tx, event)
	})
}

// confirmNumber saves the number that a log-in has just proven, for a user who has no other factor.
func (s *Service) confirmNumber(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, number phone.Number) error {
	methods, err := s.methods(ctx, tx, sess.User.ID)
	if err != nil {
		return err
	}
	if methods.HasFactor() {
		return ErrHasFactor // enrolled in another browser meanwhile
	}
	if err := s.saveNumber(ctx, tx, sess, client, number, audit.NumberConfirmed); err != nil {
		return err
	}
	return s.write(ctx, tx, sess.User.ID, NoticeNumberAdded, client)
}

// changeNumber replaces the user's own number with the one just proven, tells them, and ends their other sessions.
func (s *Service) changeNumber(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, number phone.Number) error {
	if err := s.saveNumber(ctx, tx, sess, client, number, audit.NumberChanged); err != nil {
		return err
	}
	if err := s.notify(ctx, tx, sess.User.ID, NoticeNumberChanged, client); err != nil {
		return err
	}
	return s.sessions.EndOthers(ctx, tx, sess.User.ID, sess.ID)
}

func (s *Service) saveNumber(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, number phone.Number, action audit.Action) error {
	err := s.q.MobileNumberConfirm(ctx, tx, dbsqlc.MobileNumberConfirmParams{UserID: sess.User.ID, Number: number.E164, Country: string(number.Country)})
	if err != nil {
		return fmt.Errorf("save the number of user %d: %w", sess.User.ID, err)
	}
	if err := s.keepCountry(ctx, tx, sess.User.OfficeID, number.Country); err != nil {
		return err
	}
	event := sess.Event(action, client)
	event.Detail = phone.Masked(number.E164)
	return s.log.Write(ctx, tx, event)
}

// Reset takes every second factor of another user away, ends their sessions and tells them; they choose
// anew at the next log-in. A superuser does it, with a fresh proof of their own, never for themselves.
// It answers account.ErrUnknown for a user of another office, ErrNotAllowed, ErrNotFresh.
func (s *Service) Reset(ctx context.Context, sess session.Session, client session.Client, userID int64) error {
	if !sess.User.Role.ManagesOffice() || userID == sess.User.ID {
		return ErrNotAllowed
	}
	if !FreshForOthers(sess) {
		return ErrNotFresh
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Behind every change of the office's users: who was demoted meanwhile resets nobody.
		if _, err := s.q.RosterHold(ctx, tx, sess.User.OfficeID); err != nil {
			return fmt.Errorf("hold office %d: %w", sess.User.OfficeID, err)
		}
		acting, err := s.q.RosterActing(ctx, tx, dbsqlc.RosterActingParams{SessionID: sess.ID, OfficeID: sess.User.OfficeID})
		if err != nil {
			return fmt.Errorf("look at session %d once more: %w", sess.ID, err)
		}
		if !acting {
			return ErrNotAllowed
		}
		_, err = s.resetIn(ctx, tx, sess.User.OfficeID, userID, sess.Event(audit.TwoFactorReset, client), session.Client{Language: client.Language})
		return err
	})
}

// ForceReset is Reset from the operator's command line. The office's superusers are told.
func (s *Service) ForceReset(ctx context.Context, officeID, userID int64) error {
	event := audit.Event{Office: officeID, Actor: audit.CommandLine, Action: audit.TwoFactorReset}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		event, err := s.resetIn(ctx, tx, officeID, userID, event, session.Client{})
		if err != nil {
			return err
		}
		return s.tellSuperusers(ctx, tx, event)
	})
}

// resetIn is a reset in the transaction tx. It answers the event that it wrote. client has a language at most: the mail
// about a reset says no browser and address, which are a superuser's.
func (s *Service) resetIn(ctx context.Context, tx pgx.Tx, officeID, userID int64, event audit.Event, client session.Client) (audit.Event, error) {
	err := func() error {
		user, err := s.lockUser(ctx, tx, officeID, userID)
		if err != nil {
			return err
		}
		if _, err := s.q.MobileNumberDelete(ctx, tx, userID); err != nil {
			return fmt.Errorf("remove the number of user %d: %w", userID, err)
		}
		if _, err := s.q.AuthenticatorDelete(ctx, tx, userID); err != nil {
			return fmt.Errorf("remove the authenticator of user %d: %w", userID, err)
		}
		if err := s.q.RecoveryCodeDelete(ctx, tx, userID); err != nil {
			return fmt.Errorf("remove the recovery codes of user %d: %w", userID, err)
		}
		if err := s.q.FactorFailureForget(ctx, tx, userID); err != nil {
			return fmt.Errorf("reset the failures of user %d: %w", userID, err)
		}
		if err := s.sessions.EndOthers(ctx, tx, userID, 0); err != nil {
			return err
		}
		if err := s.notify(ctx, tx, userID, NoticeReset, client); err != nil {
			return err
		}
		// Whoever asked for it has got it.
		if _, err := s.q.ResetRequestDelete(ctx, tx, userID); err != nil {
			return fmt.Errorf("close the request of user %d: %w", userID, err)
		}
		event.Subject = user.Person()
		return s.log.Write(ctx, tx, event)
	}()
	return event, err
}
