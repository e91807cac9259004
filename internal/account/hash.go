package account

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"github.com/nightlatch/nightlatch/internal/fault"
)

// ErrBusy says that a hundred log-ins already wait for their turn at the hash: try again in a few seconds.
var ErrBusy = fault.New(fault.Unavailable, "too many log-ins at once")

// Cost is what a new hash takes: memory in KiB, passes over it, lanes. A stored hash keeps its own.
type Cost = argon2id.Params

// OWASP returns the cost that the OWASP Password Storage Cheat Sheet asks of Argon2id at least: 19 MiB and two passes.
// A hash takes about 23 ms of a core.
func OWASP() Cost {
	return Cost{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// Hasher makes and compares password hashes, at most cores − 1 at once (at least one): unbounded, fifty
// log-ins take 950 MB and every core, and nobody's page loads meanwhile.
type Hasher struct {
	turns *turns
	cost  Cost
	dummy string
}

// NewHasher returns a Hasher of hashes that cost this much. Unknown users are compared with a hash of that cost which
// is no password's.
func NewHasher(cost Cost) *Hasher {
	salt, key := make([]byte, cost.SaltLength), make([]byte, cost.KeyLength)
	dummy := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Iterations,
		cost.Parallelism, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	return &Hasher{newTurns(max(1, runtime.GOMAXPROCS(0)-1)), cost, dummy}
}

// Hash makes the stored form of a password, which no stranger may ask for. ErrBusy when too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	done, err := h.turns.take(ctx, owners())
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, &h.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// matches compares a password with a stored hash; an empty hash takes as long and never matches.
// ErrBusy when too many wait.
func (h *Hasher) matches(ctx context.Context, in lane, password, hash string) (bool, error) {
	done, err := h.turns.take(ctx, in)
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
