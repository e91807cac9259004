package twofactor

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	recoveryPurpose = "recovery code"
	sheetPurpose    = "recovery sheet"
	// RecoveryCodes are made at a time.
	RecoveryCodes = 10
	// recoveryAlphabet has no letter that reads like a digit; 32 of them are 5 bits each.
	recoveryAlphabet = "abcdefghjkmnpqrstuvwxyz023456789"
	// recoveryLength: 15 letters are 75 bits; NIST SP 800-63B-4 §4.2.1.1 asks for 64.
	recoveryLength = 15
	// sheetLife: codes that nobody said to have kept are shown no longer than this, to one session.
	sheetLife = 10 * time.Minute
)

func newRecoveryCode() string {
	raw := make([]byte, recoveryLength)
	_, _ = rand.Read(raw)
	var code strings.Builder
	for i, b := range raw {
		if i > 0 && i%5 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(recoveryAlphabet[b%32]) // 256 is a multiple of 32: no bias
	}
	return code.String()
}

// cleanRecoveryCode reads a code as typed: any case, spaces and hyphens anywhere, o and 0, l, i and 1 as they
// are mistaken.
func cleanRecoveryCode(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	var code []byte
	for _, b := range []byte(strings.ToLower(typed)) {
		switch {
		case b == ' ' || b == '-':
			continue
		case b == 'o':
			b = '0'
		case strings.IndexByte(recoveryAlphabet, b) < 0:
			return "", false
		}
		code = append(code, b)
	}
	return string(code), len(code) == recoveryLength
}

// VerifyRecovery checks one of the user's recovery codes, as typed, each once.
// It answers ErrNotACode, *Wrong, *Wait, ErrOver.
func (s *Service) VerifyRecovery(ctx context.Context, sess session.Session, client session.Client, typed string) (Proven, error) {
	code, ok := cleanRecoveryCode(typed)
	if !ok {
		return Proven{}, ErrNotACode
	}
	return s.prove(ctx, sess, client, session.MethodRecovery, func(tx pgx.Tx) (bool, error) {
		n, err := s.q.RecoveryCodeUse(ctx, tx, dbsqlc.RecoveryCodeUseParams{
			UserID: sess.User.ID, CodeMacs: s.keys.MACs(recoveryPurpose, row(sess.User.ID), code),
		})
		if err != nil {
			return false, fmt.Errorf("use a recovery code of user %d: %w", sess.User.ID, err)
		}
		if n == 0 {
			return false, nil
		}
		if err := s.notify(ctx, tx, sess.User.ID, NoticeRecoveryUsed, client); err != nil {
			return false, err
		}
		return true, s.log.Write(ctx, tx, sess.Event(audit.RecoveryCodeUsed, client))
	})
}

// NewRecoveryCodes replaces the user's recovery codes, with a fresh proof; RecoverySheet shows them.
// It answers ErrNotFresh, and ErrOver for a user without a confirmed factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, sess session.Session, client session.Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		switch {
		case err != nil:
			return err
		case !methods.HasFactor():
			return ErrOver
		case !Fresh(sess, methods):
			return ErrNotFresh
		}
		return s.makeRecoveryCodes(ctx, tx, sess, client)
	})
}

func (s *Service) makeRecoveryCodes(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client) error {
	if err := s.q.RecoveryCodeDelete(ctx, tx, sess.User.ID); err != nil {
		return fmt.Errorf("drop the old recovery codes of user %d: %w", sess.User.ID, err)
	}
	codes, macs, ids := make([]string, RecoveryCodes), make([][]byte, RecoveryCodes), make([][]byte, RecoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		clean, _ := cleanRecoveryCode(codes[i])
		macs[i], ids[i] = s.keys.MACAndKey(recoveryPurpose, row(sess.User.ID), clean)
	}
	err := s.q.RecoveryCodeInsert(ctx, tx, dbsqlc.RecoveryCodeInsertParams{UserID: sess.User.ID, CodeMacs: macs, KeyIds: ids})
	if err != nil {
		return fmt.Errorf("keep the recovery codes of user %d: %w", sess.User.ID, err)
	}
	err = s.q.RecoverySheetPut(ctx, tx, dbsqlc.RecoverySheetPutParams{
		SessionID: sess.ID, CodesCt: s.keys.Seal(sheetPurpose, row(sess.ID), []byte(strings.Join(codes, "\n"))), Life: sheetLife,
	})
	if err != nil {
		return fmt.Errorf("keep the recovery sheet of session %d: %w", sess.ID, err)
	}
	return s.log.Write(ctx, tx, sess.Event(audit.RecoveryCodesMade, client))
}

// RecoverySheet answers the new codes to the session that made them, until their user has kept them
// (KeepRecoveryCodes) or ten minutes have gone: a page that was lost on its way must not cost the codes.
// It answers ErrOver when there is nothing to show.
func (s *Service) RecoverySheet(ctx context.Context, sess session.Session) ([]string, error) {
	sealed, err := s.q.RecoverySheetBySession(ctx, s.pool, sess.ID)
	if err != nil {
		return nil, over(err)
	}
	text, err := s.keys.Open(sheetPurpose, row(sess.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open the recovery sheet of session %d: %w", sess.ID, err)
	}
	return strings.Split(string(text), "\n"), nil
}

// KeepRecoveryCodes ends their showing: nobody can read them again.
func (s *Service) KeepRecoveryCodes(ctx context.Context, sess session.Session) error {
	if err := s.q.RecoverySheetDelete(ctx, s.pool, sess.ID); err != nil {
		return fmt.Errorf("drop the recovery sheet of session %d: %w", sess.ID, err)
	}
	return nil
}
