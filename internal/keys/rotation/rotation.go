// Package rotation changes the master key of an installation while it serves: a new key is added to the key file, the
// file is copied to every node, and only then does the new key seal.
//
// The rule it protects: a value is never sealed with a key that a serving process lacks. The database names the key
// that seals, every process reports the keys it holds, and Promote compares the two under one lock. Start at Open, then
// Add and Promote. See docs/adr/0011-keys.md.
package rotation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// Open returns the ring of the keys in a file, with the key that the database names as the one that seals. On the first
// start of an installation that is the newest key of the file. A ring that lacks the database's key is refused: every
// code and every authenticator would be unreadable.
func Open(ctx context.Context, pool *db.Pool, ring *keys.Ring, path string) (*keys.Ring, error) {
	q := dbsqlc.New()
	if err := q.InstallationKeyRemember(ctx, pool, ring.Fingerprint()); err != nil {
		return nil, fmt.Errorf("remember the key's fingerprint: %w", err)
	}
	fingerprint, err := q.InstallationKey(ctx, pool)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read the key's fingerprint: %w", err)
	}
	if !ring.SealWith(fingerprint) {
		return nil, wrongFile(path, fingerprint)
	}
	return ring, nil
}

// Resealer enqueues the job that seals anew what older keys sealed.
type Resealer interface {
	Reseal(ctx context.Context, tx pgx.Tx) error
}

// Rotation is the change of the keys in one key file.
type Rotation struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	ring     *keys.Ring
	path     string // of the key file
	log      *audit.Log
	resealer Resealer
}

// New returns the Rotation of the ring that was read from the key file at path.
func New(pool *db.Pool, ring *keys.Ring, path string, log *audit.Log, resealer Resealer) *Rotation {
	return &Rotation{pool, dbsqlc.New(), ring, path, log, resealer}
}

// Add is the first half of a rotation: it writes a new key into the key file, which opens and does not seal yet, and
// returns its fingerprint. While another new key waits it refuses, unless anew says that the other one is lost.
//
// The row of the installation stays locked meanwhile, so that two commands do not each add a key.
func (r *Rotation) Add(ctx context.Context, anew bool) (fingerprint string, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		state, err := r.q.KeyStateLock(ctx, tx)
		if err != nil {
			return fmt.Errorf("read which key seals: %w", err)
		}
		if state.KeyNext != "" && !anew {
			return r.waiting(state.KeyNext)
		}
		added, err := keys.Add(r.path)
		if err != nil {
			return err
		}
		fingerprint = added.Fingerprint()
		if err := r.q.KeyNextSet(ctx, tx, fingerprint); err != nil {
			return fmt.Errorf("note the new key: %w", err)
		}
		return r.log.Write(ctx, tx, audit.Event{Actor: audit.CommandLine, Action: audit.KeyAdded, Detail: fingerprint})
	})
	return fingerprint, err
}

// Promote is the second half: it lets the newest key of the file seal, and returns its fingerprint. It refuses while a
// serving process lacks the key, and names the hosts.
func (r *Rotation) Promote(ctx context.Context) (fingerprint string, err error) {
	newest := r.ring.Fingerprint()
	return newest, pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		state, err := r.q.KeyStateLock(ctx, tx)
		switch {
		case err != nil:
			return fmt.Errorf("read which key seals: %w", err)
		case state.KeyNext != "" && state.KeyNext != newest:
			return r.waiting(state.KeyNext)
		case state.KeyFingerprint == newest:
			return errors.New("the newest key seals already. To add another, run nightlatch keys rotate")
		}
		if err := r.everywhere(ctx, tx, newest); err != nil {
			return err
		}
		if err := r.q.KeyPromote(ctx, tx, newest); err != nil {
			return fmt.Errorf("let the new key seal: %w", err)
		}
		if err := r.resealer.Reseal(ctx, tx); err != nil {
			return err
		}
		return r.log.Write(ctx, tx, audit.Event{Actor: audit.CommandLine, Action: audit.KeyPromoted, Detail: newest})
	})
}

// everywhere returns an error that names the hosts whose processes lack a key.
func (r *Rotation) everywhere(ctx context.Context, tx pgx.Tx, fingerprint string) error {
	holders, err := r.q.KeyHolderList(ctx, tx)
	if err != nil {
		return fmt.Errorf("ask which processes have the key: %w", err)
	}
	var without []string
	for _, h := range holders {
		if !slices.Contains(h.Fingerprints, fingerprint) {
			without = append(without, h.Host)
		}
	}
	if len(without) == 0 {
		return nil
	}
	return fmt.Errorf("the key of fingerprint %s has not reached every node, which could not open what it seals. "+
		"Copy the key file to: %s", fingerprint, strings.Join(without, "; "))
}

// waiting is the refusal while an earlier new key is not promoted.
func (r *Rotation) waiting(fingerprint string) error {
	if r.ring.Has(fingerprint) {
		return fmt.Errorf("a new key of fingerprint %s waits already. "+
			"When every node has it, run nightlatch keys rotate --promote", fingerprint)
	}
	return fmt.Errorf("a new key of fingerprint %s was added on another node and is not in this key file: "+
		"copy that node's file here. If it is lost, run nightlatch keys rotate --anew: nothing was sealed with it",
		fingerprint)
}

func wrongFile(path, fingerprint string) error {
	return fmt.Errorf("the key file %s is not this database's: it has no key of fingerprint %s, with which this "+
		"installation seals. Put that key back, or copy the key file of another node", path, fingerprint)
}
