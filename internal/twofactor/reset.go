package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Handover is how the user of a reset comes back in: never by the password alone, which somebody else may know.
type Handover struct {
	// Mailed: the password is void, and a link to a new one went to the address on file.
	Mailed bool
	// Word is what the user is given, by whoever asked for the reset, where no link can be mailed: the password stays,
	// and no factor is enrolled without the word. It is shown this once.
	Word string
}

// Reset takes every second factor of another user away, and their link to single sign-on, ends their sessions and tells
// them; they choose anew at the next log-in, after the mailed link or the word. A superuser does it, after a step-up,
// never for themselves. It returns account.ErrUnknown for a user of another office, ErrNotAllowed, and
// fault.StepUpRequired.
func (s *Service) Reset(
	ctx context.Context, sess session.Session, client session.Client, userID int64,
) (done Handover, err error) {
	if userID == sess.User.ID {
		return Handover{}, ErrNotAllowed
	}
	resetting := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	err = session.ActingTx(ctx, s.pool, sess, resetting, func(tx pgx.Tx, _ session.Session) error {
		office, err := s.q.OfficeRescue(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return fmt.Errorf("read how office %d gets out of trouble: %w", sess.User.OfficeID, err)
		}
		if office.TwoApprovers {
			return ErrTwoApprovers
		}
		done, err = s.ResetTx(ctx, tx, sess, client, userID)
		return err
	})
	return done, err
}

// ErrTwoApprovers says that the office asks for two superusers: its users ask at their log-in, see package rescue.
var ErrTwoApprovers = fault.New(fault.Conflict, "a reset takes two superusers")

// ResetTx is Reset in the transaction tx of session.ActingTx, which asked whether the session may.
func (s *Service) ResetTx(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, userID int64,
) (Handover, error) {
	if userID == sess.User.ID {
		return Handover{}, ErrNotAllowed
	}
	event := sess.Event(audit.TwoFactorReset, client)
	return s.reset(ctx, tx, sess.User.OfficeID, userID, event, client.Language)
}

// ForceReset is Reset from the operator's command line. The office's superusers are told.
func (s *Service) ForceReset(ctx context.Context, officeID, userID int64) (done Handover, err error) {
	event := audit.Event{Office: officeID, Actor: audit.CommandLine, Action: audit.TwoFactorReset}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.q.OfficeHold(ctx, tx, officeID); err != nil {
			return fmt.Errorf("hold office %d: %w", officeID, err)
		}
		if done, err = s.reset(ctx, tx, officeID, userID, event, ""); err != nil {
			return err
		}
		return s.ways.NotifySuperusers(ctx, tx, officeID, string(NoticeForcedReset))
	})
	return done, err
}

// reset is a reset in the transaction tx, behind the office's lock. Its mail, in language unless the user chose one,
// names no browser and address, which are a superuser's.
func (s *Service) reset(
	ctx context.Context, tx pgx.Tx, officeID, userID int64, event audit.Event, language string,
) (Handover, error) {
	user, err := s.lockUser(ctx, tx, officeID, userID)
	if err != nil {
		return Handover{}, err
	}
	if err := s.takeAway(ctx, tx, userID); err != nil {
		return Handover{}, err
	}
	if err := s.cool(ctx, tx, userID); err != nil {
		return Handover{}, err
	}
	done, err := s.handOver(ctx, tx, userID)
	if err != nil {
		return Handover{}, err
	}
	event.Subject, event.Detail = user.Person(), "reset_word"
	changed := account.Changed{
		Way: account.WayReset, UserID: userID, What: string(NoticeReset), Mail: "factor_reset",
		From: account.Origin{Language: language},
	}
	if done.Mailed {
		event.Detail, changed.Mail, changed.Link = "reset_link", account.Restart, true
	}
	changed.Event = event
	return done, s.ways.Changed(ctx, tx, changed)
}

// takeAway removes every factor and the link to single sign-on, and all that was counted against the user.
func (s *Service) takeAway(ctx context.Context, tx pgx.Tx, userID int64) error {
	for _, f := range s.factors {
		if err := f.Remove(ctx, tx, userID); err != nil {
			return err
		}
	}
	if err := s.q.SSOIdentityForget(ctx, tx, userID); err != nil {
		return fmt.Errorf("forget the single sign-on of user %d: %w", userID, err)
	}
	if err := s.q.FactorFailureForget(ctx, tx, userID); err != nil {
		return fmt.Errorf("reset the failures of user %d: %w", userID, err)
	}
	if err := s.q.UserGraceAnew(ctx, tx, userID); err != nil {
		return fmt.Errorf("let the first hours of user %d begin anew: %w", userID, err)
	}
	if err := s.q.LimitGiveBack(ctx, tx, userID); err != nil {
		return fmt.Errorf("give user %d back what was spent: %w", userID, err)
	}
	// The requests for it, if there were some, are granted.
	_, err := s.q.HelpRequestEndOfUser(ctx, tx, dbsqlc.HelpRequestEndOfUserParams{UserID: userID, Outcome: "reset"})
	if err != nil {
		return fmt.Errorf("close what user %d asks for: %w", userID, err)
	}
	if _, err := s.q.ResetRequestDelete(ctx, tx, userID); err != nil {
		return fmt.Errorf("close the request of user %d: %w", userID, err)
	}
	return nil
}

// handOver voids the password where a link to a new one can be mailed, else makes a word. The password of the last
// superuser who can log in stays (a rule of the database: an office is never without one), so that they get a word.
func (s *Service) handOver(ctx context.Context, tx pgx.Tx, userID int64) (Handover, error) {
	standing, err := s.q.ResetStanding(ctx, tx, userID)
	if err != nil {
		return Handover{}, fmt.Errorf("read how user %d can be written to: %w", userID, err)
	}
	if s.ways.CanMail() && standing.Email != "" && standing.Enabled && !standing.LastSuperuser {
		if err := s.q.EnrolmentWordDelete(ctx, tx, userID); err != nil {
			return Handover{}, fmt.Errorf("end the word of user %d: %w", userID, err)
		}
		if err := s.q.PasswordVoid(ctx, tx, userID); err != nil {
			return Handover{}, fmt.Errorf("void the password of user %d: %w", userID, err)
		}
		return Handover{Mailed: true}, nil
	}
	word, err := s.makeWord(ctx, tx, userID)
	return Handover{Word: word}, err
}

// cool notes that a factor which was there is another now, or gone: see session.Cooling.
func (s *Service) cool(ctx context.Context, tx pgx.Tx, userID int64) error {
	if err := s.q.UserFactorChanged(ctx, tx, userID); err != nil {
		return fmt.Errorf("note that a factor of user %d changed: %w", userID, err)
	}
	return nil
}
