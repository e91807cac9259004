// Package doorcheck finds what is wrong with the proxy in front of an application: it asks the application from
// outside, as a stranger who claims to be somebody, and is told by the door what the proxy made of that.
//
// The rules it protects: a probe opens nothing and is judged as any stranger's request; only a host that is registered
// is asked, no redirect is followed, and nothing of an answer's body is read or shown. Start at Doctor.Examine.
package doorcheck

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// Header carries a probe. The shipped configurations leave it alone, and it says nothing to an application.
const Header = "Nightlatch-Probe"

// Claim is the value of every header in which a probe claims to be somebody.
const Claim = "nightlatch-doctor-claims"

// probeLife is how long a probe is listened to.
const probeLife = time.Minute

// purpose is what the MAC of a probe is made for.
const purpose = "door probe"

// The places where a probe can be seen.
const (
	AtAuthRequest = "auth-request"
	AtForwardAuth = "forward-auth"
	AtHost        = "host" // the pages below /.nightlatch/ of an application's host
)

// Sighting is what the door saw of a probe.
type Sighting struct {
	At      string   `json:"-"`
	Named   bool     `json:"named"`   // it came from a proxy that the operator named
	Refused bool     `json:"refused"` // nginx asks what to show, after it was told no
	Method  string   `json:"method"`
	Proto   string   `json:"proto"`
	Host    string   `json:"host"`
	URI     string   `json:"uri"`
	Address string   `json:"address"` // the visitor's, as limits and histories would have it
	Peer    string   `json:"peer"`    // the proxy's
	Claimed []string `json:"claimed"` // the headers that had the Claim
	Body    bool     `json:"body"`
}

// Probes makes probes, and keeps what the door saw of them until the doctor asks, on whatever node.
type Probes struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	ring *keys.Ring
	now  func() time.Time
}

// NewProbes returns the Probes of an installation.
func NewProbes(pool *db.Pool, ring *keys.Ring, now func() time.Time) *Probes {
	return &Probes{pool, dbsqlc.New(), ring, now}
}

// make returns a new probe: its id, and the value of its header.
func (p *Probes) make() (id, header string) {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	id = hex.EncodeToString(random)
	ends := strconv.FormatInt(p.now().Add(probeLife).Unix(), 10)
	return id, id + "." + ends + "." + hex.EncodeToString(p.ring.MAC(purpose, id, ends))
}

// Tell keeps what was seen of a probe. A header that is none of ours, or too old, is nothing: a stranger's costs a MAC.
func (p *Probes) Tell(ctx context.Context, header string, seen Sighting) error {
	id, ok := p.read(header)
	if !ok {
		return nil
	}
	text, err := json.Marshal(seen)
	if err != nil {
		return fmt.Errorf("write what was seen of a probe: %w", err)
	}
	err = p.q.DoorSightingAdd(ctx, p.pool, dbsqlc.DoorSightingAddParams{Probe: id, SeenAt: seen.At, Seen: text})
	if err != nil {
		return fmt.Errorf("keep what was seen of a probe: %w", err)
	}
	return nil
}

func (p *Probes) read(header string) (id string, ok bool) {
	parts := strings.Split(header, ".")
	if len(parts) != 3 || len(parts[0]) != 32 {
		return "", false
	}
	mac, err := hex.DecodeString(parts[2])
	ends, noNumber := strconv.ParseInt(parts[1], 10, 64)
	return parts[0], err == nil && noNumber == nil && p.now().Unix() <= ends &&
		p.ring.Matches(mac, purpose, parts[0], parts[1])
}

// take returns what was seen of a probe, and forgets it.
func (p *Probes) take(ctx context.Context, id string) ([]Sighting, error) {
	rows, err := p.q.DoorSightingTake(ctx, p.pool, id)
	if err != nil {
		return nil, fmt.Errorf("ask what was seen of a probe: %w", err)
	}
	all := make([]Sighting, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.Seen, &all[i]); err != nil {
			return nil, fmt.Errorf("read what was seen of a probe: %w", err)
		}
		all[i].At = r.SeenAt
	}
	return all, nil
}
