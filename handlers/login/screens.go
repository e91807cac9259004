// Package login is the log-in: by password, by the office's own provider, by a link from a mail, and its second step as
// far as no other screen shares it.
package login

import (
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Screens are the pages of the log-in.
type Screens struct {
	*web.Web
	accounts *account.Service
	factors  *twofactor.Service
	sso      *federation.Service
	rescue   *rescue.Service
	rollouts *rollout.Service
}

// New returns the Screens.
func New(
	w *web.Web, accounts *account.Service, factors *twofactor.Service, sso *federation.Service, helps *rescue.Service,
	rollouts *rollout.Service,
) *Screens {
	return &Screens{w, accounts, factors, sso, helps, rollouts}
}
