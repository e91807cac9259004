package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// alone returns the kind that can be a whole log-in; fault.NotFound where this installation has none.
func (s *Service) alone() (factor.Alone, error) {
	f, err := s.kind(factor.Passkey)
	if err != nil {
		return nil, err
	}
	a, ok := f.(factor.Alone)
	if !ok {
		return nil, fault.NotFound
	}
	return a, nil
}

// AskAnybody returns the question to a browser in which nobody is signed in, for BeginAlone; ErrOver where no office
// takes a passkey for the whole log-in. Nothing is written.
func (s *Service) AskAnybody(ctx context.Context, client session.Client) (string, error) {
	a, err := s.alone()
	if errors.Is(err, fault.NotFound) {
		return "", ErrOver
	}
	if err != nil {
		return "", err
	}
	return a.AskAnybody(ctx, s.pool, client.Browser)
}

// BeginAlone begins a session of both factors by a passkey with user verification, and returns whose it is. Nobody
// guesses a signature, so that a wrong one is counted against nobody: whoever has no key makes nobody wait. It returns
// account.ErrWrong for a proof that is wrong, of nobody, or of an office that does not take it alone, ErrOver for one
// that comes too late, and *Wait for a user whose factors are locked in browsers of theirs.
func (s *Service) BeginAlone(ctx context.Context, client session.Client, response string) (session.Token, error) {
	a, err := s.alone()
	if err != nil {
		return "", err
	}
	text, ok := a.Clean(response)
	if !ok {
		return "", ErrNotACode
	}
	o, err := a.OwnerOf(ctx, s.pool, text)
	if errors.Is(err, ErrOver) {
		return "", account.ErrWrong
	}
	if err != nil {
		return "", err
	}
	var token session.Token
	var try factor.Try
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		token, err = s.enterAlone(ctx, tx, a, o, client, &try, text)
		return err
	})
	if !errors.Is(err, errWrong) {
		return token, err
	}
	sess := session.Session{User: account.User{ID: o.UserID, OfficeID: o.OfficeID, Username: o.Username}}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.alarm(ctx, tx, sess, client, a, try) })
	return "", errors.Join(account.ErrWrong, err)
}

func (s *Service) enterAlone(
	ctx context.Context, tx pgx.Tx, a factor.Alone, o factor.Owner, client session.Client, try *factor.Try, text string,
) (session.Token, error) {
	user, err := s.lockUser(ctx, tx, o.OfficeID, o.UserID)
	if err != nil {
		return "", err
	}
	if err := s.mayTry(ctx, tx, session.Session{User: user, KnownBrowser: true}); err != nil {
		return "", err
	}
	right, err := a.VerifyAlone(ctx, tx, o, client.Browser, try, text)
	if err != nil {
		return "", err
	}
	if !right {
		return "", errWrong
	}
	token, _, err := s.Open(ctx, tx, user, "", client, session.ByPasskey(try.Method))
	return token, err
}

// PasskeyAlone reports whether an office takes a passkey for the whole log-in.
func (s *Service) PasskeyAlone(ctx context.Context, officeID int64) (bool, error) {
	alone, err := s.q.OfficePasskeysAlone(ctx, s.pool, officeID)
	if err != nil {
		return false, fmt.Errorf("read what office %d says of passkeys: %w", officeID, err)
	}
	return alone, nil
}

// SetPasskeyAlone decides whether a passkey is the whole log-in in the office of a superuser, after a step-up. Taken
// back, it ends the sessions that began so. It returns fault.StepUpRequired and ErrNotAllowed.
func (s *Service) SetPasskeyAlone(ctx context.Context, sess session.Session, client session.Client, alone bool) error {
	setting := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, setting, func(tx pgx.Tx, _ session.Session) error {
		officeID := sess.User.OfficeID
		n, err := s.q.OfficePasskeysPut(ctx, tx, dbsqlc.OfficePasskeysPutParams{OfficeID: officeID, Alone: alone})
		if err != nil {
			return fmt.Errorf("note what office %d says of passkeys: %w", officeID, err)
		}
		if n == 0 {
			return nil
		}
		if !alone {
			if err := s.endAlone(ctx, tx, sess); err != nil {
				return err
			}
		}
		event := sess.Event(audit.PasskeyAloneSet, client)
		if event.Detail = "off"; alone {
			event.Detail = "on"
		}
		return s.log.Write(ctx, tx, event)
	})
}

// endAlone ends the sessions of an office that a passkey alone began, but for the one in which that is decided.
func (s *Service) endAlone(ctx context.Context, tx pgx.Tx, sess session.Session) error {
	began, err := s.q.OfficePasskeySessions(ctx, tx, sess.User.OfficeID)
	if err != nil {
		return fmt.Errorf("list what a passkey alone began in office %d: %w", sess.User.OfficeID, err)
	}
	for _, b := range began {
		if b.ID == sess.ID {
			continue
		}
		if _, err := s.sessions.End(ctx, tx, session.Which{UserID: b.UserID, ID: b.ID}); err != nil {
			return err
		}
	}
	return nil
}
