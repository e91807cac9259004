package twofactor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	secretPurpose = "authenticator secret"
	// enrolmentLife: a secret that was shown and not used dies (NIST SP 800-63B-4 §4.1.2.1).
	enrolmentLife = 10 * time.Minute
)

// Enrolment is an authenticator app being set up.
type Enrolment struct {
	Secret otp.Secret
	URI    string // what the QR code holds
}

// mayEnrol answers ErrNotAllowed, ErrHasFactor or ErrNotFresh unless the session may add an authenticator app now: a
// pending log-in only for a user without any factor.
func mayEnrol(sess session.Session, m Methods) error {
	switch {
	case sess.User.IsOperator():
		return ErrNotAllowed
	case m.Authenticator, sess.Pending() && m.HasFactor():
		return ErrHasFactor
	case !sess.Pending() && !Fresh(sess, m):
		return ErrNotFresh
	}
	return nil
}

// Enrol answers the secret of the app being set up in this session, the same one until it is used or ten
// minutes old, so that a page that is loaded again does not change the QR code under the camera.
// It answers ErrHasFactor and ErrNotFresh.
func (s *Service) Enrol(ctx context.Context, sess session.Session) (Enrolment, error) {
	var secret otp.Secret
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		if err != nil {
			return err
		}
		if err := mayEnrol(sess, methods); err != nil {
			return err
		}
		sealed, err := s.q.EnrolmentBySession(ctx, tx, sess.ID)
		if err == nil {
			secret, err = s.openSecret(sess.User.ID, sealed)
			return err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read the enrolment of session %d: %w", sess.ID, err)
		}
		secret = otp.NewSecret()
		err = s.q.EnrolmentPut(ctx, tx, dbsqlc.EnrolmentPutParams{
			SessionID: sess.ID, SecretCt: s.keys.Seal(secretPurpose, row(sess.User.ID), []byte(secret)), Life: enrolmentLife,
		})
		if err != nil {
			return fmt.Errorf("keep the enrolment of session %d: %w", sess.ID, err)
		}
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{secret, secret.URI(s.product, sess.User.Username)}, nil
}

// ConfirmApp finishes the enrolment with the app's first code: the app is set up, ten recovery codes are
// made (see RecoverySheet), and a pending log-in is complete. The code's step is used up with it.
// It answers ErrNotACode, *Wrong, *Wait, ErrOver, ErrHasFactor, ErrNotFresh.
func (s *Service) ConfirmApp(ctx context.Context, sess session.Session, client session.Client, typed string) (Proven, error) {
	code, ok := otp.Clean(typed)
	if !ok {
		return Proven{}, ErrNotACode
	}
	left, err := s.chargeProof(ctx, sess, client, session.MethodApp)
	if err != nil {
		return Proven{}, err
	}
	sealed, err := s.q.EnrolmentBySession(ctx, s.pool, sess.ID)
	if err != nil {
		return Proven{}, over(err)
	}
	secret, err := s.openSecret(sess.User.ID, sealed)
	if err != nil {
		return Proven{}, err
	}
	step, right, err := otp.Match(secret, code, s.now())
	if err != nil {
		return Proven{}, err
	}
	if !right {
		return Proven{}, s.refuseProof(ctx, sess, client, session.MethodApp, left)
	}
	proven := Proven{Purpose: PurposeSignIn}
	if !sess.Pending() {
		proven.Purpose = PurposeFresh
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		if err != nil {
			return err
		}
		if err := mayEnrol(sess, methods); err != nil {
			return err
		}
		n, err := s.q.EnrolmentDelete(ctx, tx, sess.ID)
		if err != nil {
			return fmt.Errorf("end the enrolment of session %d: %w", sess.ID, err)
		}
		if n == 0 {
			return ErrOver
		}
		added, err := s.q.AuthenticatorInsert(ctx, tx, dbsqlc.AuthenticatorInsertParams{UserID: sess.User.ID, SecretCt: sealed, LastStep: step})
		if err != nil {
			return fmt.Errorf("add the authenticator of user %d: %w", sess.User.ID, err)
		}
		if added == 0 {
			return ErrHasFactor
		}
		if err := s.succeed(ctx, tx, sess, client, session.MethodApp); err != nil {
			return err
		}
		if err := s.log.Write(ctx, tx, sess.Event(audit.AuthenticatorAdded, client)); err != nil {
			return err
		}
		if err := s.makeRecoveryCodes(ctx, tx, sess, client); err != nil {
			return err
		}
		if sess.Pending() {
			err = s.write(ctx, tx, sess.User.ID, NoticeAppAdded, client)
		} else {
			err = s.notify(ctx, tx, sess.User.ID, NoticeAppAdded, client)
		}
		if err != nil {
			return err
		}
		if !sess.Pending() {
			if err := s.sessions.EndOthers(ctx, tx, sess.User.ID, sess.ID); err != nil {
				return err
			}
		}
		proven.Token, err = s.raise(ctx, tx, sess, client, session.MethodApp)
		return err
	})
	return proven, err
}

// VerifyApp checks a code of the user's authenticator app, as typed, each step once.
// It answers ErrNotACode, *Wrong, *Wait, and ErrOver when there is no app or the session ended.
func (s *Service) VerifyApp(ctx context.Context, sess session.Session, client session.Client, typed string) (Proven, error) {
	code, ok := otp.Clean(typed)
	if !ok {
		return Proven{}, ErrNotACode
	}
	return s.prove(ctx, sess, client, session.MethodApp, func(tx pgx.Tx) (bool, error) {
		app, err := s.q.AuthenticatorByUser(ctx, tx, sess.User.ID)
		if err != nil {
			return false, over(err)
		}
		secret, err := s.openSecret(sess.User.ID, app.SecretCt)
		if err != nil {
			return false, err
		}
		step, right, err := otp.Match(secret, code, s.now())
		if err != nil || !right {
			return false, err
		}
		// A step that served before is as wrong as a wrong code (RFC 6238 §5.2).
		n, err := s.q.AuthenticatorStepUse(ctx, tx, dbsqlc.AuthenticatorStepUseParams{UserID: sess.User.ID, Step: step})
		if err != nil {
			return false, fmt.Errorf("use step %d of user %d: %w", step, sess.User.ID, err)
		}
		return n == 1, nil
	})
}

// prove charges a try, then lets check judge the proof in the transaction of all it does.
func (s *Service) prove(ctx context.Context, sess session.Session, client session.Client, method session.Method, check func(pgx.Tx) (bool, error)) (Proven, error) {
	left, err := s.chargeProof(ctx, sess, client, method)
	if err != nil {
		return Proven{}, err
	}
	errWrong := errors.New("wrong")
	proven := Proven{Purpose: PurposeSignIn}
	if !sess.Pending() {
		proven.Purpose = PurposeFresh
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		right, err := check(tx)
		if err != nil {
			return err
		}
		if !right {
			return errWrong
		}
		if err := s.succeed(ctx, tx, sess, client, method); err != nil {
			return err
		}
		// A text message that is still under way must not be a second key to the same door.
		err = s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: sess.ID, Outcome: "abandoned"})
		if err != nil {
			return fmt.Errorf("end the challenge of session %d: %w", sess.ID, err)
		}
		proven.Token, err = s.raise(ctx, tx, sess, client, method)
		return err
	})
	if errors.Is(err, errWrong) {
		return Proven{}, s.refuseProof(ctx, sess, client, method, left)
	}
	return proven, err
}

// chargeProof counts one try against the user and against the session, committed. It answers how many the
// session has left if this one is wrong, *Wait, or ErrOver.
func (s *Service) chargeProof(ctx context.Context, sess session.Session, client session.Client, method session.Method) (left int, err error) {
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.chargeUser(ctx, tx, sess, client, method); err != nil {
			return err
		}
		tries, err := s.q.SessionProofCharge(ctx, tx, sess.ID)
		left = MaxTries - int(tries)
		return over(err)
	})
	return left, err
}

// refuseProof writes down a wrong authenticator or recovery code. The fifth ends the session.
func (s *Service) refuseProof(ctx context.Context, sess session.Session, client session.Client, method session.Method, left int) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if left > 0 {
			return s.writeRefusal(ctx, tx, sess, client, string(method))
		}
		return s.endForGuessing(ctx, tx, sess, client, string(method))
	})
	if err != nil {
		return err
	}
	return &Wrong{Left: left}
}

// RemoveApp takes the user's own authenticator app and recovery codes away, with a fresh proof.
// It answers ErrNotFresh, ErrLastFactor, and ErrOver when there is none.
func (s *Service) RemoveApp(ctx context.Context, sess session.Session, client session.Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		switch {
		case err != nil:
			return err
		case !methods.Authenticator:
			return ErrOver
		case !Fresh(sess, methods):
			return ErrNotFresh
		case sess.TwoFactorRequired && !methods.Confirmed:
			return ErrLastFactor
		}
		if _, err := s.q.AuthenticatorDelete(ctx, tx, sess.User.ID); err != nil {
			return fmt.Errorf("remove the authenticator of user %d: %w", sess.User.ID, err)
		}
		if err := s.q.RecoveryCodeDelete(ctx, tx, sess.User.ID); err != nil {
			return fmt.Errorf("remove the recovery codes of user %d: %w", sess.User.ID, err)
		}
		if err := s.notify(ctx, tx, sess.User.ID, NoticeAppRemoved, client); err != nil {
			return err
		}
		if err := s.sessions.EndOthers(ctx, tx, sess.User.ID, sess.ID); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, sess.Event(audit.AuthenticatorGone, client))
	})
}

func (s *Service) openSecret(userID int64, sealed []byte) (otp.Secret, error) {
	secret, err := s.keys.Open(secretPurpose, row(userID), sealed)
	if err != nil {
		return "", fmt.Errorf("open the authenticator secret of user %d: %w", userID, err)
	}
	return otp.Secret(secret), nil
}

// row is a user's id as associated data: a secret copied to another user's row does not open.
func row(userID int64) string { return strconv.FormatInt(userID, 10) }
