// Package web is what all screens of the site share: rendering, the layout, cookies, the guards that decide who may
// enter, step-up, and the one place where an error becomes an answer.
//
// A screen's package embeds *Web, takes what else it needs in its constructor, and imports no other screen's package.
// Which guard stands before which screen is said in package handlers, in routes.go.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/stepup"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Sessions loads the session of a request, and ends the one that a log-in replaces.
type Sessions interface {
	Load(ctx context.Context, token session.Token) (session.Session, error)
	Ending(ctx context.Context, token session.Token) (session.Ending, error)
	Touch(ctx context.Context, sess session.Session) error
	EndOne(ctx context.Context, acting session.Session, id int64, client session.Client) error
	EndOthers(ctx context.Context, acting session.Session, client session.Client) error
}

// Factors tells users what happened to their factors, and knows the countries that an office's numbers are mostly of.
type Factors interface {
	Notices(ctx context.Context, userID int64) ([]twofactor.Told, error)
	SeeNotices(ctx context.Context, userID, upTo int64) error
	WaysOut(ctx context.Context, sess session.Session) (set factor.Set, superusers []string, err error)
	TrustBrowser(ctx context.Context, sess session.Session, client session.Client) (session.Trust, error)
	MostUsed(ctx context.Context, officeID int64) ([]phone.Country, error)
	Offers(kind factor.Kind) bool
}

// StepUps keeps the form that waits for a step-up.
type StepUps interface {
	Hold(ctx context.Context, sess session.Session, next string, form stepup.Form) (session.Token, error)
	Discard(ctx context.Context, sess session.Session) error
	Take(ctx context.Context, sess session.Session, next string, ticket session.Token) (stepup.Form, bool, error)
}

// Proxies knows who a request comes from, and notices what is wrong with the proxies in between.
type Proxies interface {
	Client(r *http.Request) (address string)
	Look(r *http.Request)
}

// Web is what all screens share.
type Web struct {
	Product string   // the name on the pages
	Origin  *url.URL // under which browsers reach the site
	Demo    bool     // the layout leads to the demo phone and mailbox
	Logger  *slog.Logger

	sessions     Sessions
	factors      Factors
	stepUps      StepUps
	meter        RequestMeter
	proxies      Proxies
	replays      Replays
	applications Applications
	rollouts     Rollouts
	polls        Polls
	zones        *zones
	cross        *http.CrossOriginProtection
}

// Applications knows what a user may open, and whether their log-in goes straight on to the only one.
type Applications interface {
	Openable(ctx context.Context, sess session.Session) ([]application.OfOffice, error)
	OpensOnly(ctx context.Context, userID int64) (bool, error)
}

// Rollouts knows whether a superuser's log-in leads to who of their office is ready.
type Rollouts interface {
	Leads(ctx context.Context, officeID int64) (bool, error)
}

// New returns the Web of a site that browsers reach under origin. zone is that of readers whose browser tells none.
func New(
	sessions Sessions, factors Factors, stepUps StepUps, meter RequestMeter, proxies Proxies, replays Replays,
	applications Applications, rollouts Rollouts, polls Polls, origin *url.URL, zone *time.Location,
	product string, demo bool,
	logger *slog.Logger,
) (*Web, error) {
	w := &Web{product, origin, demo, logger, sessions, factors, stepUps, meter, proxies, replays, applications,
		rollouts, polls, &zones{own: zone},
		http.NewCrossOriginProtection()}
	// Behind a proxy that changes the Host header our own origin is still our own.
	if err := w.cross.AddTrustedOrigin(origin.Scheme + "://" + origin.Host); err != nil {
		return nil, err
	}
	return w, nil
}
