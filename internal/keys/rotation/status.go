package rotation

import (
	"context"
	"fmt"
	"slices"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// State is where a key of the file stands in its life.
type State string

// The states, in the order of a key's life. Waiting keys open and do not seal yet.
const (
	Waiting   State = "waiting"
	Seals     State = "seals"
	Needed    State = "needed"
	NotNeeded State = "not needed"
)

// Use counts what one key is needed for.
type Use struct {
	KeyID         []byte
	Secrets       int64 // sealed for years; the job reseal seals them anew
	ShortLived    int64 // sealed, or a MAC, and gone within a day
	RecoveryCodes int64 // MACs, which cannot be made anew
}

func (u Use) any() bool { return u.Secrets+u.ShortLived+u.RecoveryCodes > 0 }

// Uses is what every key is needed for.
type Uses struct {
	Known   map[string]Use // by the fingerprint of a key of the ring
	Missing []Use          // of keys that the ring has not
	// Unknown counts the recovery codes of an earlier release, which did not note their key.
	Unknown int64
}

// UsesOf counts what each key is needed for in the database.
func UsesOf(ctx context.Context, tx dbsqlc.DBTX, ring *keys.Ring) (Uses, error) {
	rows, err := dbsqlc.New().KeyUse(ctx, tx)
	if err != nil {
		return Uses{}, fmt.Errorf("count what each key is needed for: %w", err)
	}
	uses := Uses{Known: map[string]Use{}}
	for _, r := range rows {
		use := Use{r.KeyID, r.Lasting, r.Brief, r.Codes}
		switch fingerprint := ring.Named(r.KeyID); {
		case len(r.KeyID) == 0:
			uses.Unknown = r.Codes
		case fingerprint == "":
			uses.Missing = append(uses.Missing, use)
		default:
			uses.Known[fingerprint] = use
		}
	}
	return uses, nil
}

// Key is one key of the file.
type Key struct {
	Fingerprint string
	State       State
	Use         Use
	Holders     int // processes that have it
}

// Status is the keys of a file, and who has them.
type Status struct {
	Keys    []Key // newest first
	Missing []Use // of keys that are not in the file
	Unknown int64 // see Uses
	Holders int   // processes that serve
	Without []string
}

// Status reads the state of every key, its uses, and the processes that hold it. Without names the hosts whose
// processes lack the newest key.
func (r *Rotation) Status(ctx context.Context) (Status, error) {
	uses, err := UsesOf(ctx, r.pool, r.ring)
	if err != nil {
		return Status{}, err
	}
	state, err := r.q.KeyState(ctx, r.pool)
	if err != nil {
		return Status{}, fmt.Errorf("read which key seals: %w", err)
	}
	holders, err := r.q.KeyHolderList(ctx, r.pool)
	if err != nil {
		return Status{}, fmt.Errorf("ask which processes have the keys: %w", err)
	}
	status := Status{Missing: uses.Missing, Unknown: uses.Unknown, Holders: len(holders)}
	newer := true // than the key that seals
	for _, fingerprint := range r.ring.Fingerprints() {
		k := Key{Fingerprint: fingerprint, State: NotNeeded, Use: uses.Known[fingerprint]}
		switch {
		case fingerprint == state.KeyFingerprint:
			k.State, newer = Seals, false
		case newer:
			k.State = Waiting
		case k.Use.any() || uses.Unknown > 0:
			k.State = Needed
		}
		for _, h := range holders {
			if slices.Contains(h.Fingerprints, fingerprint) {
				k.Holders++
			}
		}
		status.Keys = append(status.Keys, k)
	}
	for _, h := range holders {
		if !slices.Contains(h.Fingerprints, r.ring.Fingerprint()) {
			status.Without = append(status.Without, h.Host)
		}
	}
	return status, nil
}
