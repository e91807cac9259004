package account

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"

	"github.com/nightlatch/nightlatch/internal/fault"
)

// ErrBusy says that a hundred log-ins already wait for their turn at the hash: try again in a few seconds.
var ErrBusy = fault.New(fault.Unavailable, "too many log-ins at once")

// hashParams: OWASP Password Storage Cheat Sheet, Argon2id with 19 MiB and two passes. One takes about
// 23 ms of a core.
var hashParams = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxWaiting log-ins wait for the hash; the next one is told to come back.
const maxWaiting = 100

// Hasher makes and compares password hashes, at most cores − 1 at once (at least one): unbounded, fifty
// log-ins take 950 MB and every core, and nobody's page loads meanwhile.
type Hasher struct {
	turns   chan struct{}
	waiting atomic.Int64
	dummy   string
}

// NewHasher makes a Hasher, and the hash that unknown users are compared with.
func NewHasher() (*Hasher, error) {
	dummy, err := argon2id.CreateHash("nobody has this password", &hashParams)
	if err != nil {
		return nil, fmt.Errorf("make the dummy hash: %w", err)
	}
	return &Hasher{turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), dummy: dummy}, nil
}

func (h *Hasher) turn(ctx context.Context) (done func(), err error) {
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Hash makes the stored form of a password. ErrBusy when too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, &hashParams)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Matches compares a password with a stored hash; an empty hash takes as long and never matches.
// ErrBusy when too many wait.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	against := hash
	if against == "" {
		against = h.dummy
	}
	same, err := argon2id.ComparePasswordAndHash(password, against)
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return same && hash != "", nil
}
