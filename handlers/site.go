// Package handlers is the site: routes.go is its map, grouped by who may enter. The screens are in the folders beside
// it, one package for those who enter together, and what they share in handlers/web. The rules are not here: handlers
// turn forms into calls of the domain packages, and their results into pages.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/account"
	"github.com/nightlatch/nightlatch/handlers/demo"
	"github.com/nightlatch/nightlatch/handlers/door"
	"github.com/nightlatch/nightlatch/handlers/factor"
	"github.com/nightlatch/nightlatch/handlers/home"
	"github.com/nightlatch/nightlatch/handlers/hooks"
	"github.com/nightlatch/nightlatch/handlers/issuer"
	"github.com/nightlatch/nightlatch/handlers/login"
	"github.com/nightlatch/nightlatch/handlers/office"
	"github.com/nightlatch/nightlatch/handlers/operator"
	"github.com/nightlatch/nightlatch/handlers/users"
	"github.com/nightlatch/nightlatch/handlers/web"
	accounts "github.com/nightlatch/nightlatch/internal/account"
	applications "github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	doors "github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/federation"
	issuers "github.com/nightlatch/nightlatch/internal/issuer"
	offices "github.com/nightlatch/nightlatch/internal/office"
	operators "github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/poll"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/stepup"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	members "github.com/nightlatch/nightlatch/internal/users"
)

// Services are the domain services and settings that the site needs, all of them.
type Services struct {
	Accounts *accounts.Service
	Offices  *offices.Service
	Users    *members.Service
	Factors  *twofactor.Service
	Sessions *session.Store
	StepUps  *stepup.Store
	Rescue   *rescue.Service
	Rollouts *rollout.Service
	Evidence *evidence.Service
	SSO      *federation.Service
	Signing  *issuers.Keys // of the OpenID Connect provider
	Issuer   *issuers.Service
	Replays  *replay.Store
	Doors    *doors.Service
	Probes   *doorcheck.Probes

	Applications *applications.Service

	Operator     *operators.Service
	Installation *audit.Installation
	Listen       string         // where we listen, as NIGHTLATCH_ADDR has it
	Jobs         http.Handler   // the queue's page, under /operator/jobs
	Zone         *time.Location // of readers whose browser tells none
	Currency     string         // of the providers' accounts: an ISO 4217 code
	BalanceWarn  float64        // a provider's balance below which its operator is warned

	Requests  web.RequestMeter
	Checks    door.Meter
	Polls     *poll.Memory
	Ready     func(context.Context) error // nil when the database answers and its schema is current
	Proxies   *proxy.Watch                // who comes, through whichever proxies
	Unproxied bool                        // browsers come by https and no proxy is named
	Calls     bool                        // a code can be spoken by a call
}

// Option is a part that not every installation has.
type Option func(*site)

// WithDemo adds the demo phone and the demo mailbox.
func WithDemo(texts demo.Texts, mails demo.Mails) Option {
	return func(s *site) {
		s.isDemo = true
		s.optional = append(s.optional, func() { s.demoRoutes(demo.New(s.web, texts, mails)) })
	}
}

// WithHooks adds what providers post to. tokens are those of the path that are taken, now.
func WithHooks(receiver hooks.Receiver, tokens func() []string) Option {
	return func(s *site) {
		s.optional = append(s.optional, func() { s.hookRoutes(hooks.New(s.web, receiver, tokens)) })
	}
}

// site is the screens, and the router that they stand in.
type site struct {
	echo     *echo.Echo
	web      *web.Web
	isDemo   bool
	optional []func() // each registers the routes of an Option
	ready    func(context.Context) error

	login    *login.Screens
	factor   *factor.Screens
	account  *account.Screens
	office   *office.Screens
	users    *users.Screens
	operator *operator.Screens
	issuer   *issuer.Screens
	door     *door.Screens
	home     *home.Screens
}

// New builds the site with all its routes. public is the origin under which browsers reach it, product the name on its
// pages.
func New(d Services, public *url.URL, product string, logger *slog.Logger, options ...Option) (*echo.Echo, error) {
	s := &site{echo: echo.New(), ready: d.Ready}
	for _, option := range options {
		option(s)
	}
	w, err := web.New(d.Sessions, d.Factors, d.StepUps, d.Requests, d.Proxies, d.Replays, d.Applications,
		d.Rollouts, d.Polls, public, d.Zone, product, s.isDemo, logger)
	if err != nil {
		return nil, err
	}
	s.web = w
	s.login = login.New(w, d.Accounts, d.Factors, d.SSO, d.Rescue, d.Rollouts)
	s.factor = factor.New(w, d.Factors, d.Calls)
	s.account = account.New(w, d.Accounts, d.Factors, d.Sessions, d.SSO, d.Doors, d.Applications)
	s.office = office.New(w, d.Offices, d.SSO, d.Applications, d.Factors, d.Rescue, d.Rollouts, d.Users,
		d.Evidence)
	s.users = users.New(w, d.Users, d.Accounts, d.Factors, d.Rescue)
	s.operator = operator.New(w, d.Accounts, d.Sessions, d.Factors, d.Offices, d.Users, d.Operator,
		d.Installation, d.Applications, d.Issuer, doorcheck.New(d.Probes, nil, time.Now), d.Listen, d.Jobs, d.Currency,
		d.BalanceWarn, d.Unproxied)
	s.issuer = issuer.New(w, d.Signing, d.Issuer)
	s.home = home.New(w, d.Applications)
	s.door = door.New(w, d.Probes, d.Doors, d.Proxies, d.Checks)
	s.echo.HideBanner, s.echo.HidePort = true, true
	// Echo trusts any X-Forwarded-For unless it is told whom to believe: the proxies that the operator named, or nobody.
	s.echo.IPExtractor = d.Proxies.Client
	s.echo.HTTPErrorHandler = w.HandleError
	s.routes()
	return s.echo, nil
}
