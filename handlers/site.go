// Package handlers is the web half: it turns forms into calls of the domain packages and their answers
// into pages. The rules are not here. routes.go is the whole site on one screen; one file is one screen.
package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

// Services are the domain packages that the site calls. Phone is nil outside demo mode.
type Services struct {
	Accounts *account.Service
	Offices  *office.Service
	Factors  *twofactor.Service
	Sessions *session.Store
	SSO      *federation.Service
	Phone    *message.DemoPhone
	Mailbox  *mail.DemoMailbox           // nil outside demo mode, as Phone
	Calls    bool                        // a code can be spoken by a call
	Ready    func(context.Context) error // nil when the database answers and its schema is current
	Proxies  []*net.IPNet                // whose X-Forwarded-For is believed
	Requests RequestMeter                // nil: requests are not counted

	Installation *audit.Installation
	Jobs         http.Handler // the queue's page, under /operator/jobs

	Operator    *operator.Service
	BalanceWarn float64         // a provider's balance below which its operator is warned
	Hooks       Hooks           // nil: nobody posts anything
	HookTokens  func() []string // those of the path that are taken, now
	People      *users.Service
	Invites     interface { // nil: this installation sends no mail
		// Invite sends a user the link with which they choose a password.
		Invite(ctx context.Context, actor audit.Person, officeID, userID int64) error
	}
}

// Site is the web application.
type Site struct {
	Services
	url     *url.URL // public origin: cookies and trusted origin
	product string
	logger  *slog.Logger
	cross   *http.CrossOriginProtection
}

// New builds the site with all its routes. public is the origin under which browsers reach it, product
// the name on its pages.
func New(services Services, public *url.URL, product string, logger *slog.Logger) (*echo.Echo, error) {
	s := &Site{services, public, product, logger, http.NewCrossOriginProtection()}
	// Behind a proxy that changes the Host header our own origin is still our own.
	if err := s.cross.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	// Echo trusts any X-Forwarded-For unless it is told whom to believe: the proxies that the operator named, or nobody.
	e.IPExtractor = addressOf(services.Proxies)
	e.HTTPErrorHandler = s.handleError
	s.routes(e)
	return e, nil
}

// addressOf is how the address of a request's client is found: the connection's own, unless that is a proxy's; then the
// last one of X-Forwarded-For that no proxy has. A header that cannot be read changes nothing.
func addressOf(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(p))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
