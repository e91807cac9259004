package issuer

import (
	"context"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// refusals keeps the history from being flooded by a client that asks wrongly again and again: of each application and
// reason one event a minute is written by each process.
type refusals struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func newRefusals() *refusals { return &refusals{last: map[string]time.Time{}} }

// due reports whether a refusal is to be written down.
func (r *refusals) due(what string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.last[what]) < time.Minute {
		return false
	}
	if len(r.last) > 1000 {
		clear(r.last)
	}
	r.last[what] = now
	return true
}

// refused writes down that something was refused to a client, and why: in the history of the installation, or of the
// office whose user it is about.
func (s *Service) refused(ctx context.Context, c *client, g *grant, why string, from session.Client) error {
	if !s.refusals.due(c.GetID()+" "+why, time.Now()) {
		return nil
	}
	event := audit.Event{Actor: audit.Person{Name: c.row.Name}, Action: audit.ApplicationRefused,
		Detail: c.row.Name + ": " + why, Address: from.Address}
	if g != nil {
		event.Office, event.Actor = g.OfficeID, audit.Person{ID: g.UserID, Name: g.Username}
	}
	return s.log.Write(ctx, s.pool, event)
}
