// Package account is My settings: the user's own factors, password, sessions and link with the office's provider, and
// the step-up page that stands before their changes.
package account

import (
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Screens are the pages of My settings.
type Screens struct {
	*web.Web
	accounts *account.Service
	factors  *twofactor.Service
	sessions *session.Store
	sso      *federation.Service
}

// New makes the Screens.
func New(w *web.Web, accounts *account.Service, factors *twofactor.Service, sessions *session.Store,
	sso *federation.Service,
) *Screens {
	return &Screens{w, accounts, factors, sessions, sso}
}
