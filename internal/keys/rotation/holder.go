package rotation

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// refreshEvery is how often a serving process looks at its key file and at which key seals, and reports its keys.
const refreshEvery = 5 * time.Second

// Holder keeps the ring of a serving process as its key file and the database say, and reports to the database which
// keys the process has.
type Holder struct {
	pool    *db.Pool
	q       *dbsqlc.Queries
	ring    *keys.Ring
	path    string // of the key file
	logger  *slog.Logger
	process string
	host    string
	missing atomic.Pointer[error] // the key that seals is missing; nil when it is not
	cancel  context.CancelFunc
	done    chan struct{}
}

// Hold begins to follow the key file, until Stop. It fails like a start with a wrong key when the file lacks the key
// that seals: a promotion may have come first since the file was read.
func Hold(ctx context.Context, pool *db.Pool, ring *keys.Ring, path string, logger *slog.Logger) (*Holder, error) {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw)
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	h := &Holder{
		pool: pool, q: dbsqlc.New(), ring: ring, path: path, logger: logger, process: hex.EncodeToString(raw),
		host: fmt.Sprintf("%s, process %d", host, os.Getpid()), done: make(chan struct{}),
	}
	if err := db.Drain(ctx, pool, h.q.KeyHolderDeleteGone); err != nil {
		return nil, fmt.Errorf("forget processes that are gone: %w", err)
	}
	if err := h.refresh(ctx); err != nil {
		return nil, err
	}
	ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(h.done)
		h.follow(ctx)
	}()
	return h, nil
}

// Stop ends the following, and tells the database that this process is gone.
func (h *Holder) Stop() {
	h.cancel()
	<-h.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = h.q.KeyHolderLeave(ctx, h.pool, h.process) // else it is forgotten in a minute
}

// Ready returns why this process should get no requests: it lacks the key that the others seal with.
func (h *Holder) Ready() error {
	if missing := h.missing.Load(); missing != nil {
		return *missing
	}
	return nil
}

// follow refreshes until ctx ends. An error is logged once, not every five seconds.
func (h *Holder) follow(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	logged := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := h.refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			logged = ""
		case err.Error() != logged:
			logged = err.Error()
			h.logger.WarnContext(ctx, "keys", "error", err)
		}
	}
}

// refresh takes over the key file, when it is whole and has the key that seals, and reports the keys of this process.
// What is in use stays in use when the file is not as it should be.
func (h *Holder) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshEvery)
	defer cancel()
	var unusable error // the file's
	err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		state, err := h.q.KeyStateLock(ctx, tx)
		if err != nil {
			return fmt.Errorf("read which key seals: %w", err)
		}
		ring, err := h.load(state.KeyFingerprint)
		if err != nil {
			unusable = fmt.Errorf("the keys of before stay in use: %w", err)
			ring = h.ring
			if !ring.SealWith(state.KeyFingerprint) {
				err = wrongFile(h.path, state.KeyFingerprint)
				h.missing.Store(&err)
				return err
			}
		}
		h.missing.Store(nil)
		err = h.q.KeyHolderTell(ctx, tx, dbsqlc.KeyHolderTellParams{
			Process: h.process, Host: h.host, Fingerprints: ring.Fingerprints(),
		})
		if err != nil {
			return fmt.Errorf("tell which keys this process has: %w", err)
		}
		h.ring.Become(ring)
		return nil
	})
	if err != nil {
		return err
	}
	return unusable
}

// load reads the key file, which must have the key that seals.
func (h *Holder) load(sealing string) (*keys.Ring, error) {
	ring, err := keys.Load(h.path)
	if err != nil {
		return nil, err
	}
	if !ring.SealWith(sealing) {
		return nil, wrongFile(h.path, sealing)
	}
	return ring, nil
}
