package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Proven is what a right proof did.
type Proven struct {
	// Token is the session's new token.
	Token session.Token
	// Purpose is what was proven; for an authenticator or recovery code PurposeSignIn or PurposeFresh.
	Purpose Purpose
}

// Verify checks the code of the session's live challenge, as typed. It answers ErrNotACode, *Wrong, *Wait,
// or ErrOver.
//
// First the try is charged to the user and to the challenge, in a transaction that is committed before
// the code is looked at: parallel guesses cannot share a try, and no later failure gives one back. Then
// the right code is consumed in the transaction of all it does, where one of many wins.
func (s *Service) Verify(ctx context.Context, sess session.Session, client session.Client, typed string) (Proven, error) {
	code, ok := otp.Clean(typed)
	if !ok {
		return Proven{}, ErrNotACode
	}
	var charged dbsqlc.ChallengeChargeRow
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if err := s.chargeUser(ctx, tx, sess, client, session.MethodSMS); err != nil {
			return err
		}
		charged, err = s.q.ChallengeCharge(ctx, tx, sess.ID)
		return over(err)
	})
	if err != nil {
		return Proven{}, err
	}
	if !s.keys.Matches(charged.CodeMac, codePurpose, charged.Ref, code) {
		return Proven{}, s.refuseCode(ctx, sess, client, charged)
	}
	return s.consume(ctx, sess, client, charged)
}

func (s *Service) consume(ctx context.Context, sess session.Session, client session.Client, c dbsqlc.ChallengeChargeRow) (Proven, error) {
	purpose, number := Purpose(c.Purpose), phone.Number{E164: c.Number, Country: phone.Country(c.Country)}
	if signsIn := purpose == PurposeSignIn || purpose == PurposeConfirm; signsIn && sess.Level > 1 {
		// Proven in another tab meanwhile.
		return Proven{}, ErrOver
	}
	proven := Proven{Purpose: purpose}
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		// Rows are taken in one order everywhere (user, failures, challenge, session): no two requests deadlock.
		if err := s.succeed(ctx, tx, sess, client, session.MethodSMS); err != nil {
			return err
		}
		n, err := s.q.ChallengeConsume(ctx, tx, c.ID)
		if err != nil {
			return fmt.Errorf("consume challenge %d: %w", c.ID, err)
		}
		if n == 0 {
			return ErrOver
		}
		switch purpose {
		case PurposeConfirm:
			err = s.confirmNumber(ctx, tx, sess, client, number)
		case PurposeChange:
			return s.changeNumber(ctx, tx, sess, client, number)
		}
		if err != nil {
			return err
		}
		proven.Token, err = s.raise(ctx, tx, sess, client, session.MethodSMS)
		return err
	})
	return proven, err
}

// raise gives the session its second factor and writes down what that was.
func (s *Service) raise(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, method session.Method) (session.Token, error) {
	token, err := s.sessions.Raise(ctx, tx, sess, method)
	if errors.Is(err, session.ErrNone) {
		return "", ErrOver
	}
	if err != nil {
		return "", err
	}
	action := audit.FactorConfirmed
	if sess.Pending() {
		action = audit.SignedIn
		if err := s.sessions.RememberBrowser(ctx, tx, sess.User.ID, client); err != nil {
			return "", err
		}
	}
	event := sess.Event(action, client)
	event.Detail = string(method)
	return token, s.log.Write(ctx, tx, event)
}

// chargeUser counts one try against the user, over all ways, sessions and nodes. It answers *Wait.
func (s *Service) chargeUser(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, method session.Method) error {
	stranger, err := s.stranger(ctx, tx, sess, client)
	if err != nil {
		return err
	}
	row, err := s.q.FactorFailureCharge(ctx, tx, dbsqlc.FactorFailureChargeParams{
		UserID: sess.User.ID, Stranger: stranger, Recovery: method == session.MethodRecovery,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return s.mayTry(ctx, tx, sess.User.ID)
	}
	if err != nil {
		return fmt.Errorf("count a try of user %d: %w", sess.User.ID, err)
	}
	if row.InARow%10 != 0 {
		return nil
	}
	event := sess.Event(audit.SecondFactorWait, client)
	event.Detail = fmt.Sprintf("%d in a row", row.InARow)
	return s.log.Write(ctx, tx, event)
}

// stranger reports whether the user never completed a log-in in this browser.
func (s *Service) stranger(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client) (bool, error) {
	known, err := s.q.KnownBrowserOfUser(ctx, tx, dbsqlc.KnownBrowserOfUserParams{UserID: sess.User.ID, BrowserHash: client.Browser})
	if err != nil {
		return false, fmt.Errorf("look for a known browser of user %d: %w", sess.User.ID, err)
	}
	return !known, nil
}

// succeed ends the row of wrong proofs after a right one.
func (s *Service) succeed(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, method session.Method) error {
	stranger, err := s.stranger(ctx, tx, sess, client)
	if err != nil {
		return err
	}
	err = s.q.FactorFailureSucceed(ctx, tx, dbsqlc.FactorFailureSucceedParams{UserID: sess.User.ID, Stranger: stranger, Recovery: method == session.MethodRecovery})
	if err != nil {
		return fmt.Errorf("end the failures of user %d: %w", sess.User.ID, err)
	}
	return nil
}

// mayTry answers *Wait while the user has to wait after wrong proofs.
func (s *Service) mayTry(ctx context.Context, tx dbsqlc.DBTX, userID int64) error {
	row, err := s.q.FactorFailureOf(ctx, tx, userID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the failures of user %d: %w", userID, err)
	}
	if row.InARow >= 100 {
		return &Wait{}
	}
	if row.Locked {
		return &Wait{Recovery: true}
	}
	if row.WaitUntil != nil && row.WaitUntil.After(row.Now) {
		return &Wait{Until: *row.WaitUntil, For: row.WaitUntil.Sub(row.Now)}
	}
	return nil
}

// refuseCode writes down a wrong code. The fifth ends the challenge and, with it, a pending log-in.
func (s *Service) refuseCode(ctx context.Context, sess session.Session, client session.Client, c dbsqlc.ChallengeChargeRow) error {
	left := MaxTries - int(c.Tries)
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if left > 0 {
			return s.writeRefusal(ctx, tx, sess, client, string(session.MethodSMS))
		}
		if _, err := s.q.ChallengeEnd(ctx, tx, dbsqlc.ChallengeEndParams{ID: c.ID, Outcome: "exhausted"}); err != nil {
			return fmt.Errorf("end challenge %d: %w", c.ID, err)
		}
		if Purpose(c.Purpose) == PurposeChange {
			return s.writeRefusal(ctx, tx, sess, client, string(session.MethodSMS))
		}
		return s.endForGuessing(ctx, tx, sess, client, string(session.MethodSMS))
	})
	if err != nil {
		return err
	}
	return &Wrong{Left: left}
}

// endForGuessing ends a session in which five proofs were wrong, and leaves its user a notice: somebody
// had the password.
func (s *Service) endForGuessing(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, method string) error {
	err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: sess.ID, Outcome: "abandoned"})
	if err != nil {
		return fmt.Errorf("end the challenge of session %d: %w", sess.ID, err)
	}
	if _, err := s.q.SessionEnd(ctx, tx, dbsqlc.SessionEndParams{ID: sess.ID, UserID: sess.User.ID}); err != nil {
		return fmt.Errorf("end session %d: %w", sess.ID, err)
	}
	if err := s.notify(ctx, tx, sess.User.ID, NoticeGuessed, client); err != nil {
		return err
	}
	return s.writeRefusal(ctx, tx, sess, client, method)
}

func (s *Service) writeRefusal(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, method string) error {
	event := sess.Event(audit.SecondFactorRefused, client)
	event.Detail = method
	if err := s.log.Write(ctx, tx, event); err != nil {
		return err
	}
	locked, err := s.q.FactorFailureLock(ctx, tx, sess.User.ID)
	if err != nil {
		return fmt.Errorf("look whether user %d is to be locked: %w", sess.User.ID, err)
	}
	if locked == 0 {
		return nil
	}
	if err := s.notify(ctx, tx, sess.User.ID, NoticeLocked, client); err != nil {
		return err
	}
	if sess.User.OfficeID != 0 {
		err := s.q.RosterNoticeSuperusers(ctx, tx, dbsqlc.RosterNoticeSuperusersParams{OfficeID: sess.User.OfficeID, Kind: string(NoticeUserLocked)})
		if err != nil {
			return fmt.Errorf("leave the superusers of office %d a notice: %w", sess.User.OfficeID, err)
		}
	}
	return s.log.Write(ctx, tx, sess.Event(audit.SecondFactorLocked, client))
}

// over reads "no such row" as ErrOver.
func over(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrOver
	}
	return err
}
