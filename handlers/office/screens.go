// Package office is an office's own settings: whether it demands two factors, the countries that codes may go to, its
// sign-in provider, the applications that its users may open, its history, and evidence of that.
package office

import (
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/rollout"
)

// Screens are the pages of an office's settings.
type Screens struct {
	*web.Web
	offices  *office.Service
	sso      *federation.Service
	apps     *application.Service
	passkeys Passkeys
	rescue   *rescue.Service
	rollouts *rollout.Service
	people   Users
	evidence *evidence.Service
}

// New returns the Screens.
func New(w *web.Web, offices *office.Service, sso *federation.Service, apps *application.Service, passkeys Passkeys,
	helps *rescue.Service, rollouts *rollout.Service, people Users,
	evidence *evidence.Service,
) *Screens {
	return &Screens{w, offices, sso, apps, passkeys, helps, rollouts, people, evidence}
}
