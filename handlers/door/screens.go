// Package door is the way into guarded applications: what their proxies ask for every request, what is on each
// application's own host, and the portal's pages in between.
package door

import (
	"context"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Doors decides who is let into a host.
type Doors interface {
	Place(ctx context.Context, host string) (door.Place, error)
	Check(ctx context.Context, token session.Token, host string) (door.Answer, error)
	Admit(ctx context.Context, sess session.Session, host string, state []byte, client session.Client) (
		door.Admission, error)
	Enter(ctx context.Context, ticket session.Token, host string, state []byte, client session.Client) (
		session.Token, application.Refusal, error)
	Leave(ctx context.Context, token session.Token, host string, client session.Client) error
}

// Proxies knows the proxies that the operator named.
type Proxies interface {
	Named(remoteAddr string) bool
}

// Meter counts the answers to proxies.
type Meter interface {
	Door(status int)
}

// Probes keep what was seen of the doctor's own requests.
type Probes interface {
	Tell(ctx context.Context, header string, seen doorcheck.Sighting) error
}

// Screens are the door's.
type Screens struct {
	*web.Web
	probes  Probes
	doors   Doors
	proxies Proxies
	meter   Meter
	policy  string // of pages on an application's host
}

// New returns the Screens.
func New(w *web.Web, probes Probes, doors Doors, proxies Proxies, meter Meter) *Screens {
	return &Screens{w, probes, doors, proxies, meter, hostPolicy(w.Origin.Scheme + "://" + w.Origin.Host)}
}
