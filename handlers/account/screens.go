// Package account is My settings: the user's own factors, password, sessions and link with the office's provider, and
// the step-up page that stands before their changes.
package account

import (
	"context"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Accounts judges the user's own password, and changes it.
type Accounts interface {
	Profile(ctx context.Context, officeID, userID int64) (account.Profile, error)
	PasswordRules(ctx context.Context, officeID, userID int64) (account.PasswordFor, error)
	CheckPassword(ctx context.Context, user account.User, sessionID int64, officeCode, password, address string) error
	ChangePassword(ctx context.Context, user account.User, sessionID int64, present, password string,
		from account.Origin) error
}

// SSO is the link between the user and the office's provider.
type SSO interface {
	Mine(ctx context.Context, browser session.Token, sess session.Session) (federation.Mine, error)
	LinkMine(ctx context.Context, browser session.Token, sess session.Session, client session.Client) error
	Unlink(ctx context.Context, sess session.Session, client session.Client) error
}

// Screens are the pages of My settings. Factors and sessions are what they are about: those services are concrete.
type Screens struct {
	*web.Web
	accounts Accounts
	factors  *twofactor.Service
	sessions *session.Store
	sso      SSO
	doors    Doors
	apps     Applications
}

// New returns the Screens.
func New(w *web.Web, accounts Accounts, factors *twofactor.Service, sessions *session.Store, sso SSO,
	doors Doors, apps Applications,
) *Screens {
	return &Screens{w, accounts, factors, sessions, sso, doors, apps}
}
