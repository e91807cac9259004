package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/session"
)

// EnrolOperator makes the authenticator key of an operator who has none. It is shown by the command that
// asked for it and never again. It answers account.ErrUnknown for who is no operator, and ErrHasFactor.
func (s *Service) EnrolOperator(ctx context.Context, userID int64) (Enrolment, error) {
	secret := otp.NewSecret()
	var user account.User
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if user, err = s.lockUser(ctx, tx, 0, userID); err != nil {
			return err
		}
		// No step was used yet: the first code is for the first log-in.
		added, err := s.q.AuthenticatorInsert(ctx, tx, dbsqlc.AuthenticatorInsertParams{
			UserID: userID, SecretCt: s.keys.Seal(secretPurpose, row(userID), []byte(secret)), LastStep: 0,
		})
		if err != nil {
			return fmt.Errorf("add the authenticator of operator %d: %w", userID, err)
		}
		if added == 0 {
			return ErrHasFactor
		}
		return s.log.Write(ctx, tx, audit.Event{Actor: audit.CommandLine, Subject: user.Person(), Action: audit.OperatorKeyMade})
	})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{secret, secret.URI(s.product, user.Username)}, nil
}

// BeginOperator starts the pending log-in of an operator whose password was right. Unlike Begin it sends
// nothing, whatever the user has: an operator proves the second step with the app's code alone (VerifyApp).
func (s *Service) BeginOperator(ctx context.Context, user account.User, client session.Client) (session.Token, error) {
	var token session.Token
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		operator, err := s.lockUser(ctx, tx, 0, user.ID)
		if err != nil {
			return err
		}
		sess := session.Session{User: operator, TwoFactorRequired: true, Level: 1}
		if sess.ID, token, err = s.sessions.Start(ctx, tx, operator, client, true); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, sess.Event(audit.PasswordAccepted, client))
	})
	return token, err
}

// MayProve answers *Wait while the session's user has to wait after wrong proofs.
func (s *Service) MayProve(ctx context.Context, sess session.Session) error {
	return s.mayTry(ctx, s.pool, sess.User.ID)
}
