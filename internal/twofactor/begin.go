package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Begin starts the session of a user whose password was right, in one transaction with everything that
// follows from it. Where the office demands no second factor the user is in. Where it does, the session
// is a pending log-in, and a user with a confirmed number and no authenticator app is sent a code.
func (s *Service) Begin(ctx context.Context, user account.User, language string, client session.Client) (token session.Token, err error) {
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		token, err = s.Open(ctx, tx, user, language, client, session.ByPassword)
		return err
	})
	return token, err
}

// Open is Begin in the caller's transaction, after whatever proved who the user is. Who calls it with
// single sign-on has read in the same transaction that the office takes that now.
func (s *Service) Open(ctx context.Context, tx pgx.Tx, user account.User, language string, client session.Client, by session.Opening) (session.Token, error) {
	// Held from here on: log-ins of one user that come at once are counted one after the other.
	if _, err := s.lockUser(ctx, tx, user.OfficeID, user.ID); err != nil {
		return "", err
	}
	office, err := s.q.OfficeByID(ctx, tx, user.OfficeID)
	if err != nil {
		return "", fmt.Errorf("read office %d: %w", user.OfficeID, err)
	}
	sess := session.Session{User: user, TwoFactorRequired: office.TwoFactorRequired, Level: 1}
	if by == session.BySSOFactor {
		sess.Level = 2
	}
	var token session.Token
	accepted := audit.SSOAccepted
	if by == session.ByPassword {
		accepted = audit.PasswordAccepted
		sess.ID, token, err = s.sessions.Start(ctx, tx, user, client, sess.Pending())
	} else {
		sess.ID, token, err = s.sessions.StartSSO(ctx, tx, user, client, by, sess.Pending())
	}
	if err != nil {
		return "", err
	}
	if !sess.Pending() {
		if err := s.sessions.RememberBrowser(ctx, tx, user.ID, client); err != nil {
			return "", err
		}
		event := sess.Event(audit.SignedIn, client)
		event.Detail = string(by)
		return token, s.log.Write(ctx, tx, event)
	}
	if err := s.log.Write(ctx, tx, sess.Event(accepted, client)); err != nil {
		return "", err
	}
	return token, s.sendFirst(ctx, tx, sess, language)
}

// sendFirst sends a pending log-in's first code to who is served by text messages alone.
func (s *Service) sendFirst(ctx context.Context, tx pgx.Tx, sess session.Session, language string) error {
	methods, err := s.methods(ctx, tx, sess.User.ID)
	if err != nil {
		return err
	}
	if methods.Authenticator || methods.SMS() == nil {
		return nil
	}
	err = s.start(ctx, tx, sess, PurposeSignIn, *methods.SMS(), language, SMS)
	var wait *Wait
	var limited *Limited
	switch {
	case errors.As(err, &wait):
		return nil // the code page says so, and offers the other ways
	case errors.As(err, &limited):
		return s.writeLimit(ctx, tx, sess, limited)
	}
	return err
}

// Step is what a pending log-in has to do next.
type Step string

// The steps of a pending log-in.
const (
	StepCode   Step = "code"   // enter the code that was sent, or ask for one
	StepApp    Step = "app"    // enter the authenticator app's code
	StepNumber Step = "number" // check the unconfirmed number, then have a code sent
	StepChoose Step = "choose" // no method yet: choose one
)

// Next decides the step from what the user has and whether a code is under way in this session.
func Next(m Methods, codeUnderWay bool) Step {
	switch {
	case codeUnderWay:
		return StepCode
	case m.Authenticator:
		return StepApp
	case m.SMS() != nil:
		return StepCode
	case m.Unconfirmed() != nil:
		return StepNumber
	}
	return StepChoose
}
