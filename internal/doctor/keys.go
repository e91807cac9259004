package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
)

// keyFile reads the keys, by Load and not by LoadOrMake: looking makes nothing.
func (in *installation) keyFile(r *report) {
	if in.KeyFile == "" {
		r.problem("NIGHTLATCH_KEY_FILE is not set. Name a file of mode 0600 with one base64 32-byte key a line.")
		return
	}
	ring, err := keys.Load(in.KeyFile)
	switch {
	case errors.Is(err, os.ErrNotExist) && in.KeyFileMade:
		r.warning("There is no key file at %s yet: the first nightlatch serve makes it.", in.KeyFile)
	case err != nil:
		r.problem("The key file: %s. Put it back from its backup if it is lost: without it no authenticator app works.", err)
	default:
		in.ring = ring
		r.ok("The key file can be read by its owner alone; its newest key has the fingerprint %s.", ring.Fingerprint())
	}
}

// keys compares the key file with the database.
func (in *installation) keys(ctx context.Context, r *report) error {
	fingerprint, err := in.q.InstallationKey(ctx, in.pool)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		r.ok("The database belongs to no key yet: the first command that opens it decides.")
		return nil
	case err != nil:
		return fmt.Errorf("read the key's fingerprint: %w", err)
	case in.ring == nil: // reported already
		return nil
	case !in.ring.Has(fingerprint):
		r.problem("The key file is not this database's, which was made with the key of fingerprint %s. "+
			"Put that key back: as a further line if there are others.", fingerprint)
		return nil
	}
	r.ok("The key file belongs to this database.")
	return in.rotation(ctx, r)
}

// rotation looks at a rotation under way, and for what needs keys that the file has not.
func (in *installation) rotation(ctx context.Context, r *report) error {
	state, err := in.q.KeyState(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("read which key seals: %w", err)
	}
	if state.KeyNext != "" {
		r.warning("A new key of fingerprint %s waits: when nightlatch keys status shows that every node has it, "+
			"run nightlatch keys rotate --promote.", state.KeyNext)
	}
	uses, err := rotation.UsesOf(ctx, in.pool, in.ring)
	if err != nil {
		return err
	}
	for _, use := range uses.Missing {
		r.problem("The key with the id %x is not in the key file: without it %d authenticator apps and %d recovery codes "+
			"do not work. Put it back as a further line.", use.KeyID, use.Secrets, use.RecoveryCodes)
	}
	if len(uses.Missing) == 0 {
		r.ok("Every key that something was sealed with is in the key file.")
	}
	return nil
}
