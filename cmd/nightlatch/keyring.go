package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// holdEvery is how often a serving process looks at its key file and at which key seals, and tells which keys it has.
const holdEvery = 5 * time.Second

// keyHolder keeps a serving process's ring as its key file and the database say, and lets nightlatch keys rotate know
// which keys the process has. See docs/adr/0011-keys.md.
type keyHolder struct {
	p       *program
	process string
	host    string
	trouble atomic.Pointer[error] // the key that seals is missing; nil when it is not
	said    string                // the last trouble that was logged
}

// holdKeys begins to hold, and answers how to stop. Its first look fails like a start with a wrong key: between that and
// a promotion the row of the installation decides who was first.
func (p *program) holdKeys(ctx context.Context) (stop func(), err error) {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw)
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	h := &keyHolder{p: p, process: hex.EncodeToString(raw), host: fmt.Sprintf("%s, process %d", host, os.Getpid())}
	if err := dbsqlc.New().KeyHolderDeleteGone(ctx, p.pool); err != nil {
		return nil, fmt.Errorf("forget processes that are gone: %w", err)
	}
	if err := h.look(ctx); err != nil {
		return nil, err
	}
	p.holder = h
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.follow(ctx)
	}()
	return func() {
		cancel()
		<-done
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = dbsqlc.New().KeyHolderLeave(leaving, p.pool, h.process) // else it is forgotten in a minute
	}, nil
}

func (h *keyHolder) follow(ctx context.Context) {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := h.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			h.said = ""
			continue
		}
		if err.Error() != h.said {
			h.said = err.Error()
			h.p.logger.WarnContext(ctx, "keys", "error", err)
		}
	}
}

// ready answers why this process should get no requests: it lacks the key that the others seal with.
func (h *keyHolder) ready() error {
	if trouble := h.trouble.Load(); trouble != nil {
		return *trouble
	}
	return nil
}

// look takes over the key file, when it is whole and has the key that seals, and tells what this process has. What is
// in use stays in use when the file is not as it should be.
func (h *keyHolder) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, holdEvery)
	defer cancel()
	q := dbsqlc.New()
	var wrong error
	err := pgx.BeginFunc(ctx, h.p.pool, func(tx pgx.Tx) error {
		state, err := q.KeyStateLock(ctx, tx)
		if err != nil {
			return fmt.Errorf("read which key seals: %w", err)
		}
		ring, err := keys.Load(h.p.cfg.keyFile)
		if err == nil && !ring.SealWith(state.KeyFingerprint) {
			err = otherKey(h.p.cfg.keyFile, state.KeyFingerprint)
		}
		if err != nil {
			wrong = fmt.Errorf("the keys of before stay in use: %w", err)
			ring = h.p.ring
			if !ring.SealWith(state.KeyFingerprint) {
				err = otherKey(h.p.cfg.keyFile, state.KeyFingerprint)
				h.trouble.Store(&err)
				return err
			}
		}
		h.trouble.Store(nil)
		if err := q.KeyHolderTell(ctx, tx, dbsqlc.KeyHolderTellParams{Process: h.process, Host: h.host, Fingerprints: ring.Fingerprints()}); err != nil {
			return fmt.Errorf("tell which keys this process has: %w", err)
		}
		h.p.ring.Become(ring)
		return nil
	})
	if err != nil {
		return err
	}
	return wrong
}

func otherKey(path, fingerprint string) error {
	return fmt.Errorf("the key file %s is not this database's: it has no key of fingerprint %s, with which this installation seals. Put that key back, or copy the key file of another node", path, fingerprint)
}
