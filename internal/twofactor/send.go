package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// SendOnFile sends a code to the number on file: for a pending log-in whose user chose the text message or checked an
// unconfirmed number, or in settings to prove the number once more. While such a code is under way nothing more is
// sent. It returns ErrNotAllowed when there is no such number, *Limited, *Wait.
func (s *Service) SendOnFile(ctx context.Context, sess session.Session, language string) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		number, purpose := now.Factors.Confirmed(), purposeFor(now, false)
		if number == nil && now.Pending() {
			number, purpose = now.Factors.Unconfirmed(), factor.PurposeEnrol
		}
		if number == nil || now.User.IsOperator() {
			return ErrNotAllowed
		}
		return s.startUnlessLive(ctx, tx, now, purpose, *number, language)
	}))
}

// ConfirmOnFile sends a code to the number on file that a user without a factor has not confirmed yet, outside a
// log-in. The code confirms it as at a log-in: it is the first factor, and takes the place of none. It returns
// ErrNotAllowed when there is no such number, what judge returns, *Limited and *Wait.
func (s *Service) ConfirmOnFile(ctx context.Context, sess session.Session, language string) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		number := now.Factors.Unconfirmed()
		if number == nil || now.Pending() {
			return ErrNotAllowed
		}
		purpose := factor.PurposeEnrol
		if now.Level > 1 { // the provider's two factors, which a number of ours comes beside
			purpose = factor.PurposeChange
		}
		return s.startUnlessLive(ctx, tx, now, purpose, *number, language)
	}))
}

// SendTo sends a code to a number the user typed: to enrol at the log-in, for a user who has no factor yet, or to
// change the own number in settings, after a step-up. It returns what judge returns, *Limited, *Wait.
func (s *Service) SendTo(ctx context.Context, sess session.Session, number phone.Number, language string) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := s.startUnlessLive(ctx, tx, now, purposeFor(now, true), number, language); err != nil {
			return err
		}
		if err := s.q.ChallengeTyped(ctx, tx, sess.ID); err != nil {
			return fmt.Errorf("note the typed number of session %d: %w", sess.ID, err)
		}
		return nil
	}))
}

// startUnlessLive leaves a live challenge of the same purpose and number alone: a user who goes back and forth between
// pages is not sent a second message.
func (s *Service) startUnlessLive(
	ctx context.Context, tx pgx.Tx, now session.Session, purpose factor.Purpose, number phone.Number, language string,
) error {
	if err := judge(purpose, factor.SMS, now); err != nil {
		return err
	}
	live, err := s.q.ChallengeLock(ctx, tx, now.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("lock the challenge of session %d: %w", now.ID, err)
	}
	if err == nil && live.Now.Before(live.ExpiresAt) &&
		factor.Purpose(live.Purpose) == purpose && live.Number == number.E164 {
		return nil
	}
	return s.start(ctx, tx, now, purpose, number, language, phone.ByText)
}

// Resend sends the code again, as a text or by a call; late in its life a new one. It returns *TooSoon, ErrOver,
// *Limited, *Wait, and what judge returns now.
func (s *Service) Resend(ctx context.Context, sess session.Session, language string, channel phone.Channel) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		last, err := s.q.ChallengeOfSession(ctx, tx, sess.ID)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && last.Outcome != nil && *last.Outcome != "expired" {
			return ErrOver
		}
		if err != nil {
			return fmt.Errorf("read the challenge of session %d: %w", sess.ID, err)
		}
		sends, purpose := int(last.SendsAsked), factor.Purpose(last.Purpose)
		if wait := ResendAt(sends, last.AskedAt).Sub(last.Now); wait > 0 {
			return &TooSoon{wait}
		}
		if err := judge(purpose, factor.SMS, now); err != nil {
			return err
		}
		number := phone.Number{E164: last.Number, Country: phone.Country(last.Country)}
		if last.Outcome != nil || !SameCode(sends, last.Now, last.ExpiresAt) {
			return s.start(ctx, tx, now, purpose, number, language, channel)
		}
		if _, err := s.maySend(ctx, tx, now, asking{purpose, number, false, true}); err != nil {
			return err
		}
		sendNo, err := s.q.ChallengeAskAgain(ctx, tx, dbsqlc.ChallengeAskAgainParams{
			ID: last.ID, Channel: string(channel),
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrOver // proven in this very moment
		}
		if err != nil {
			return fmt.Errorf("ask for challenge %d again: %w", last.ID, err)
		}
		return s.outbox.SendCode(ctx, tx, last.ID, int(sendNo), purpose.Urgent())
	}))
}

// start makes a challenge in the place of the session's live one, with its first message and the job that sends it. It
// returns *Limited and *Wait.
func (s *Service) start(
	ctx context.Context, tx pgx.Tx, sess session.Session, purpose factor.Purpose, number phone.Number, language string,
	channel phone.Channel,
) error {
	b, err := s.maySend(ctx, tx, sess, asking{purpose, number, true, true})
	if err != nil {
		return err
	}
	ref := newRef()
	mac, sealed := s.codes.NewCode(ref)
	id, err := s.q.ChallengeStart(ctx, tx, dbsqlc.ChallengeStartParams{
		Ref: ref, SessionID: sess.ID, UserID: sess.User.ID, OfficeID: sess.User.OfficeID, Purpose: string(purpose),
		Number: number.E164, Country: string(number.Country), Language: language, Life: CodeLife,
		CodeMac: mac, CodeCt: sealed, Proven: b.proven, KnownBrowser: b.known,
		Channel: string(channel),
	})
	if err != nil {
		return fmt.Errorf("make a challenge for user %d: %w", sess.User.ID, err)
	}
	return s.outbox.SendCode(ctx, tx, id, 1, purpose.Urgent())
}

// MaySend returns *Limited or *Wait when no code would be sent to the number on file in this session now.
func (s *Service) MaySend(ctx context.Context, sess session.Session, number phone.Number) error {
	_, err := s.maySend(ctx, s.pool, sess, asking{factor.PurposeSignIn, number, true, false})
	return err
}

// OpenCode decrypts the code of a challenge for its message.
func (s *Service) OpenCode(ref string, sealed []byte) (string, error) {
	return s.codes.OpenCode(ref, sealed)
}
