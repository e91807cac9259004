// Package operator is the operators' pages: their log-in, how messages fare over all offices, why a user waits, the
// offices and their caps, the applications behind the door, the job queue's page, and the history of the installation.
package operator

import (
	"context"
	"net/http"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

// Accounts takes an operator's password, and another in its place.
type Accounts interface {
	PasswordRules(ctx context.Context, officeID, userID int64) (account.PasswordFor, error)
	ChangePassword(ctx context.Context, user account.User, sessionID int64, present, password string,
		from account.Origin) error
	CheckOperatorPassword(ctx context.Context, user account.User, sessionID int64, password, address string) error
	SignInOperator(ctx context.Context, a account.Attempt) (account.User, error)
}

// Sessions reads the session that a log-in has just begun, and those of an operator.
type Sessions interface {
	List(ctx context.Context, acting session.Session) ([]session.Entry, error)
	ProvePassword(ctx context.Context, sess session.Session) (session.Token, error)
	Load(ctx context.Context, token session.Token) (session.Session, error)
}

// Factors takes the app's code, and tells operators what happened to theirs.
type Factors interface {
	BeginOperator(ctx context.Context, user account.User, client session.Client) (session.Token, error)
	MayProve(ctx context.Context, sess session.Session) error
	Prove(ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, typed string) (
		twofactor.Proven, error)
	BeginEnrolment(ctx context.Context, sess session.Session, kind factor.Kind) (factor.Setup, error)
	AppBegun(ctx context.Context, sess session.Session) (factor.Setup, error)
	ConfirmEnrolment(ctx context.Context, sess session.Session, client session.Client, kind factor.Kind,
		typed string) (twofactor.Proven, error)
	Notices(ctx context.Context, userID int64) ([]twofactor.Told, error)
}

// Screens are the operators' pages.
type Screens struct {
	*web.Web
	accounts     Accounts
	sessions     Sessions
	factors      Factors
	offices      users.Offices
	users        *users.Service
	operator     *operator.Service
	installation *audit.Installation
	applications *application.Service
	issuer       *issuer.Service
	doctor       Doctor
	listen       string       // where we listen, as a proxy finds us
	jobs         http.Handler // the queue's page
	currency     string       // of the providers' accounts
	balanceWarn  float64      // a provider's balance below which its operator is warned
	unproxied    bool         // browsers come by https and no proxy is named
}

// New returns the Screens.
func New(w *web.Web, accounts Accounts, sessions Sessions, factors Factors,
	offices users.Offices, members *users.Service, service *operator.Service,
	installation *audit.Installation, applications *application.Service, provider *issuer.Service,
	doctor Doctor, listen string, jobs http.Handler, currency string, balanceWarn float64, unproxied bool,
) *Screens {
	return &Screens{w, accounts, sessions, factors, offices, members, service, installation,
		applications, provider, doctor, listen, jobs, currency, balanceWarn, unproxied}
}
