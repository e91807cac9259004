// Package sms is the code sent to a mobile number, by text or by call. Its challenges are made by package twofactor and
// sent by package message; here a code is drawn, sealed, checked, and a proven number saved.
package sms

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// codePurpose names the key of codes: of their MACs and of their seals.
const codePurpose = "challenge code"

// SMS is codes to a mobile number as a kind of factor.
type SMS struct {
	q    *dbsqlc.Queries
	keys *keys.Ring
}

// New returns the kind.
func New(ring *keys.Ring) *SMS { return &SMS{dbsqlc.New(), ring} }

// Kind returns factor.SMS.
func (*SMS) Kind() factor.Kind { return factor.SMS }

// Words names the number in history, notices and mails.
func (*SMS) Words() factor.Words {
	return factor.Words{
		Added: audit.NumberConfirmed, Changed: audit.NumberChanged, Removed: audit.NumberRemoved,
		AddedNotice: "number_added", ChangedNotice: "number_changed", RemovedNotice: "number_removed",
	}
}

// Clean reads six digits, or a whole message that holds them (CVE-2025-6014: a used code was accepted again with white
// space around it).
func (*SMS) Clean(text string) (string, bool) { return typed.Code(text) }

// Charge counts one try against the session's live challenge.
func (s *SMS) Charge(ctx context.Context, tx pgx.Tx, o factor.Owner, _ bool) (factor.Try, error) {
	c, err := s.q.ChallengeCharge(ctx, tx, o.SessionID)
	if err != nil {
		return factor.Try{}, factor.Over(err)
	}
	purpose := factor.Purpose(c.Purpose)
	return factor.Try{Purpose: purpose, Left: int(c.TriesLeft), Spares: purpose == factor.PurposeChange, State: c}, nil
}

// Verify compares with the code's MAC, and ends the challenge.
func (s *SMS) Verify(ctx context.Context, tx pgx.Tx, _ factor.Owner, t *factor.Try, code string) (bool, error) {
	c := t.State.(dbsqlc.ChallengeChargeRow)
	if !s.keys.Matches(c.CodeMac, codePurpose, c.Ref, code) {
		return false, nil
	}
	n, err := s.q.ChallengeConsume(ctx, tx, c.ID)
	if err != nil {
		return false, fmt.Errorf("consume challenge %d: %w", c.ID, err)
	}
	if n == 0 {
		return false, factor.ErrOver
	}
	return true, nil
}

// Enrol saves the number that a right code has proven.
func (s *SMS) Enrol(ctx context.Context, tx pgx.Tx, o factor.Owner, t factor.Try) (string, error) {
	c := t.State.(dbsqlc.ChallengeChargeRow)
	err := s.q.MobileNumberConfirm(ctx, tx, dbsqlc.MobileNumberConfirmParams{
		UserID: o.UserID, Number: c.Number, Country: c.Country,
	})
	if err != nil {
		return "", fmt.Errorf("save the number of user %d: %w", o.UserID, err)
	}
	return phone.Masked(c.Number), nil
}

// Remove takes the number away, confirmed or not.
func (s *SMS) Remove(ctx context.Context, tx pgx.Tx, userID int64) error {
	if _, err := s.q.MobileNumberDelete(ctx, tx, userID); err != nil {
		return fmt.Errorf("remove the number of user %d: %w", userID, err)
	}
	return nil
}

// Reseal has nothing to do: a code lives for minutes.
func (*SMS) Reseal(context.Context, int64) (int64, error) { return 0, nil }

// NewCode returns a random code of six decimal digits (ASVS 6.5.3) for the challenge ref: its MAC, to verify it by, and
// its ciphertext, to send it.
func (s *SMS) NewCode(ref string) (mac, sealed []byte) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	code := fmt.Sprintf("%06d", n)
	return s.keys.MAC(codePurpose, ref, code), s.keys.Seal(codePurpose, ref, []byte(code))
}

// OpenCode decrypts the code of a challenge for its message.
func (s *SMS) OpenCode(ref string, sealed []byte) (string, error) {
	code, err := s.keys.Open(codePurpose, ref, sealed)
	if err != nil {
		return "", fmt.Errorf("open the code: %w", err)
	}
	return string(code), nil
}
