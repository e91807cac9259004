// Package factor is the pages of a second factor that a pending log-in and My settings share: the code of a text
// message or a call, recovery codes, passkeys, the other ways, and a new authenticator app. Where a page stands, and so
// where it leads, follows from the session: see placesOf.
package factor

import (
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Screens are the pages of second factors.
type Screens struct {
	*web.Web
	factors *twofactor.Service
	calls   bool // a code can be spoken by a call
}

// New returns the Screens.
func New(w *web.Web, factors *twofactor.Service, calls bool) *Screens {
	return &Screens{w, factors, calls}
}

// places are the addresses of the shared pages.
type places struct {
	start, send, code, resend, message, recovery, passkey, ways, word string

	home string // where a user goes who has nothing to do here
}

// placesOf returns the addresses at the log-in, or in settings for a step-up.
func placesOf(sess session.Session) places {
	if sess.Pending() {
		return places{
			paths.Login, paths.LoginSend, paths.LoginCode, paths.LoginResend, paths.LoginMessage, paths.LoginRecovery,
			paths.LoginPasskey, paths.LoginWays, paths.LoginWord, paths.SecondStep,
		}
	}
	return places{
		paths.StepUp, paths.StepUpSend, paths.StepUpCode, paths.StepUpResend, paths.StepUpMessage, paths.StepUpRecovery,
		paths.StepUpPasskey, paths.StepUpWays, paths.MyWord, paths.Me,
	}
}
