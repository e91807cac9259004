// Package recovery is the ten codes on paper, each of which serves once. They open a lock of many wrong factors, and
// are no factor of their own: nobody has them alone.
package recovery

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
)

const (
	codePurpose  = "recovery code"
	sheetPurpose = "recovery sheet"
	// Codes is how many are made at a time.
	Codes = 10
	// sheetLife: codes that nobody said to have kept are shown no longer than this, to one session.
	sheetLife = 10 * time.Minute
)

// Recovery is recovery codes as a kind of factor.
type Recovery struct {
	factor.PerSession
	q    *dbsqlc.Queries
	keys *keys.Ring
}

// New returns the kind.
func New(ring *keys.Ring) *Recovery { return &Recovery{q: dbsqlc.New(), keys: ring} }

// Kind returns factor.Recovery.
func (*Recovery) Kind() factor.Kind { return factor.Recovery }

// Words names recovery codes in history, notices and mails.
func (*Recovery) Words() factor.Words {
	return factor.Words{UsedNotice: "recovery_used", Used: audit.RecoveryCodeUsed, OpensLock: true}
}

// Clean reads a code in any case, with spaces and hyphens anywhere.
func (*Recovery) Clean(text string) (string, bool) { return clean(text) }

// Verify uses a code up.
func (r *Recovery) Verify(ctx context.Context, tx pgx.Tx, o factor.Owner, _ *factor.Try, code string) (bool, error) {
	n, err := r.q.RecoveryCodeUse(ctx, tx, dbsqlc.RecoveryCodeUseParams{
		UserID: o.UserID, CodeMacs: r.keys.MACs(codePurpose, row(o.UserID), code),
	})
	if err != nil {
		return false, fmt.Errorf("use a recovery code of user %d: %w", o.UserID, err)
	}
	return n == 1, nil
}

// Enrol refuses: recovery codes come with another factor, see Make.
func (*Recovery) Enrol(context.Context, pgx.Tx, factor.Owner, factor.Try) (string, error) {
	return "", fault.Forbidden
}

// Make replaces the user's codes. Sheet shows the new ones.
func (r *Recovery) Make(ctx context.Context, tx pgx.Tx, o factor.Owner) error {
	if err := r.Remove(ctx, tx, o.UserID); err != nil {
		return err
	}
	codes, macs, ids := make([]string, Codes), make([][]byte, Codes), make([][]byte, Codes)
	for i := range codes {
		codes[i] = NewCode()
		cleaned, _ := clean(codes[i])
		macs[i], ids[i] = r.keys.MACAndKey(codePurpose, row(o.UserID), cleaned)
	}
	err := r.q.RecoveryCodeInsert(ctx, tx, dbsqlc.RecoveryCodeInsertParams{UserID: o.UserID, CodeMacs: macs, KeyIds: ids})
	if err != nil {
		return fmt.Errorf("keep the recovery codes of user %d: %w", o.UserID, err)
	}
	err = r.q.RecoverySheetPut(ctx, tx, dbsqlc.RecoverySheetPutParams{
		SessionID: o.SessionID, Life: sheetLife,
		CodesCt: r.keys.Seal(sheetPurpose, row(o.SessionID), []byte(strings.Join(codes, "\n"))),
	})
	if err != nil {
		return fmt.Errorf("keep the recovery sheet of session %d: %w", o.SessionID, err)
	}
	return nil
}

// Sheet returns the new codes to the session that made them, until their user has kept them (Keep) or ten minutes have
// gone: a page that was lost on its way must not cost the codes. It returns factor.ErrOver when there is nothing to
// show.
func (r *Recovery) Sheet(ctx context.Context, tx dbsqlc.DBTX, sessionID int64) ([]string, error) {
	sealed, err := r.q.RecoverySheetBySession(ctx, tx, sessionID)
	if err != nil {
		return nil, factor.Over(err)
	}
	text, err := r.keys.Open(sheetPurpose, row(sessionID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open the recovery sheet of session %d: %w", sessionID, err)
	}
	return strings.Split(string(text), "\n"), nil
}

// Keep ends their showing: nobody can read them again.
func (r *Recovery) Keep(ctx context.Context, tx dbsqlc.DBTX, sessionID int64) error {
	if err := r.q.RecoverySheetDelete(ctx, tx, sessionID); err != nil {
		return fmt.Errorf("drop the recovery sheet of session %d: %w", sessionID, err)
	}
	return nil
}

// Remove takes every code away.
func (r *Recovery) Remove(ctx context.Context, tx pgx.Tx, userID int64) error {
	if err := r.q.RecoveryCodeDelete(ctx, tx, userID); err != nil {
		return fmt.Errorf("remove the recovery codes of user %d: %w", userID, err)
	}
	return nil
}

// Reseal has nothing to do: codes are MACs, which cannot be made anew, and a sheet lives for minutes.
func (*Recovery) Reseal(context.Context, int64) (int64, error) { return 0, nil }

func row(id int64) string { return strconv.FormatInt(id, 10) }
