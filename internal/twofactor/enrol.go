package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// BeginEnrolment returns what is shown to set a factor up in this session, the same until it is used or the session
// ends. ConfirmEnrolment finishes it. It returns what judge returns, and fault.NotFound for a kind that is set up
// otherwise.
func (s *Service) BeginEnrolment(ctx context.Context, sess session.Session, kind factor.Kind) (factor.Setup, error) {
	f, err := s.kind(kind)
	if err != nil {
		return factor.Setup{}, err
	}
	starter, ok := f.(factor.Starter)
	if !ok {
		return factor.Setup{}, fault.NotFound
	}
	var setup factor.Setup
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := judge(purposeFor(now, true), kind, now); err != nil {
			return err
		}
		setup, err = starter.Begin(ctx, tx, owner(sess))
		return err
	})
	return setup, err
}

// AppBegun returns what BeginEnrolment returned for the app in this session, to an operator whose proofs are still
// fresh: their log-in alone, fresh as it may be, begins nothing. It returns ErrOver where nothing was begun, and what
// judge returns.
func (s *Service) AppBegun(ctx context.Context, sess session.Session) (factor.Setup, error) {
	var setup factor.Setup
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := judge(factor.PurposeChange, factor.App, now); err != nil {
			return err
		}
		setup, err = s.app.Begun(ctx, tx, owner(sess))
		return err
	})
	return setup, err
}

// Remove takes one of the user's own factors away, after a step-up.
// It returns fault.StepUpRequired, ErrLastFactor, and ErrOver when the user has none of this kind.
func (s *Service) Remove(ctx context.Context, sess session.Session, client session.Client, kind factor.Kind) error {
	f, err := s.kind(kind)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		return s.remove(ctx, tx, now, client, f, now.Factors.Without(kind), func() (string, error) {
			return "", f.Remove(ctx, tx, sess.User.ID)
		})
	})
}

// RemoveItem takes one of several away that the user has of a kind. It returns what Remove returns.
func (s *Service) RemoveItem(
	ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, id int64,
) error {
	f, err := s.collection(kind)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		rest := now.Factors
		if rest.Of(kind).Amount == 1 {
			rest = rest.Without(kind)
		}
		return s.remove(ctx, tx, now, client, f, rest, func() (string, error) {
			return f.RemoveItem(ctx, tx, sess.User.ID, id)
		})
	})
}

// remove takes away what take takes, and returns for the history; rest is what the user has without it.
func (s *Service) remove(
	ctx context.Context, tx pgx.Tx, now session.Session, client session.Client, f factor.Factor, rest factor.Set,
	take func() (detail string, err error),
) error {
	sess := now
	if !now.Factors.Of(f.Kind()).Counts {
		return ErrOver
	}
	if err := now.MayChangeFactor(); err != nil {
		return err
	}
	if err := now.RequireStepUp(session.StepUpOwn); err != nil {
		return err
	}
	if now.TwoFactorRequired && !rest.HasFactor() {
		return ErrLastFactor
	}
	detail, err := take()
	if err != nil {
		return err
	}
	if err := s.cool(ctx, tx, sess.User.ID); err != nil {
		return err
	}
	words := f.Words()
	if !rest.HasFactor() {
		if err := s.recovery.Remove(ctx, tx, sess.User.ID); err != nil {
			return err
		}
	}
	event := sess.Event(words.Removed, client)
	event.Detail = detail
	return s.changed(ctx, tx, sess, client, account.WayFactor, words.RemovedNotice, event)
}

// RegisterNumber notes the mobile number of a user of the session's office (the acting user included) who has no
// factor. It stays unconfirmed until its user proves it at a log-in.
// It returns account.ErrUnknown for a user of another office, ErrNotAllowed, fault.StepUpRequired, ErrHasFactor,
// ErrCountryClosed, ErrNumberTaken.
func (s *Service) RegisterNumber(
	ctx context.Context, sess session.Session, client session.Client, userID int64, number phone.Number,
) error {
	// Whoever has no users to manage is told after who is unknown: see MayRegister.
	registering := session.Act{Role: account.RoleUser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, registering, func(tx pgx.Tx, now session.Session) error {
		return s.RegisterNumberTx(ctx, tx, now, client, userID, number)
	})
}

var (
	// ErrCountryClosed says that the office sends no codes to the country of a number.
	ErrCountryClosed = fault.New(fault.Invalid, "the office sends no codes to this country")
	// ErrNumberTaken says that another user of the office has the number.
	ErrNumberTaken = fault.New(fault.Conflict, "another user of the office has this number")
)

// RegisterNumberTx is RegisterNumber in a transaction of session.ActingTx; now is the session behind its lock.
func (s *Service) RegisterNumberTx(
	ctx context.Context, tx pgx.Tx, now session.Session, client session.Client, userID int64, number phone.Number,
) error {
	user, err := s.lockUser(ctx, tx, now.User.OfficeID, userID)
	if err != nil {
		return err
	}
	if !MayRegister(now.User.Role, user.Role) {
		return ErrNotAllowed
	}
	set, err := s.set(ctx, tx, userID)
	if err != nil {
		return err
	}
	if set.HasFactor() {
		return ErrHasFactor
	}
	standing, err := s.q.MobileNumberStanding(ctx, tx, dbsqlc.MobileNumberStandingParams{
		OfficeID: now.User.OfficeID, UserID: userID, Number: number.E164, Country: string(number.Country),
	})
	switch {
	case err != nil:
		return fmt.Errorf("judge the number of user %d: %w", userID, err)
	case !standing.Open:
		return ErrCountryClosed
	case standing.Taken:
		return ErrNumberTaken
	}
	n, err := s.q.MobileNumberRegister(ctx, tx, dbsqlc.MobileNumberRegisterParams{
		UserID: userID, Number: number.E164, Country: string(number.Country), RegisteredBy: &now.User.ID,
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
	event := now.Event(audit.NumberRegistered, client)
	event.Subject, event.Detail = user.Person(), phone.Masked(number.E164)
	return s.log.Write(ctx, tx, event)
}

// MayRegister reports whether somebody of role actor may register the number of a user of role subject.
func MayRegister(actor, subject account.Role) bool {
	return actor.ManagesUsers() && actor.AtLeast(subject)
}

// EnrolOperator makes the authenticator key of an operator who has none. It is shown by the command that asked for it
// and never again. It returns account.ErrUnknown for a user of an office, and ErrHasFactor.
func (s *Service) EnrolOperator(ctx context.Context, userID int64) (factor.Setup, error) {
	var setup factor.Setup
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		user, err := s.lockUser(ctx, tx, 0, userID)
		if err != nil {
			return err
		}
		if setup, err = s.app.Issue(ctx, tx, factor.Owner{UserID: userID, Username: user.Username}); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{
			Actor: audit.CommandLine, Subject: user.Person(), Action: audit.OperatorKeyMade,
		})
	})
	return setup, err
}

// NewRecoveryCodes replaces the user's recovery codes, after a step-up; RecoverySheet shows them.
// It returns fault.StepUpRequired, and ErrOver for a user without a factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, sess session.Session, client session.Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if !now.Factors.HasFactor() {
			return ErrOver
		}
		if err := now.RequireStepUp(session.StepUpOwn); err != nil {
			return err
		}
		if err := s.recovery.Make(ctx, tx, owner(sess)); err != nil {
			return err
		}
		event := sess.Event(audit.RecoveryCodesMade, client)
		return s.changed(ctx, tx, sess, client, account.WayRecovery, string(NoticeRecoveryMade), event)
	})
}

// makeRecoveryCodes is for the codes that come with a factor, whose mail tells of them.
func (s *Service) makeRecoveryCodes(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client) error {
	if err := s.recovery.Make(ctx, tx, owner(sess)); err != nil {
		return err
	}
	return s.log.Write(ctx, tx, sess.Event(audit.RecoveryCodesMade, client))
}

// RecoverySheet returns the new codes to the session that made them: see recovery.Recovery.Sheet.
func (s *Service) RecoverySheet(ctx context.Context, sess session.Session) ([]string, error) {
	return s.recovery.Sheet(ctx, s.pool, sess.ID)
}

// KeepRecoveryCodes ends their showing.
func (s *Service) KeepRecoveryCodes(ctx context.Context, sess session.Session) error {
	return s.recovery.Keep(ctx, s.pool, sess.ID)
}
