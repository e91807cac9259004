package web

import (
	"errors"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// SendProblem returns the sentence for a code that is not sent now.
func (w *Web) SendProblem(c echo.Context, err error) (string, bool) {
	var wait *twofactor.Wait
	var soon *twofactor.TooSoon
	var limited *twofactor.Limited
	switch {
	case errors.As(err, &wait):
		return w.WaitText(c, wait), true
	case errors.As(err, &soon):
		return w.N(c, "code.too_soon", int(soon.For.Seconds())+1), true
	case errors.As(err, &limited):
		set, superusers, err := w.factors.WaysOut(c.Request().Context(), CurrentSession(c))
		if err != nil {
			w.Logger.ErrorContext(c.Request().Context(), "look for other ways", "request", RequestID(c), "error", err)
			return w.T(c, "limit."+limited.Word()), true
		}
		return w.limitText(w.Lang(c), limited, set, superusers), true
	}
	return "", false
}

// limitText says why no code is sent, and what this user can do: never a way that they do not have. superusers are
// whom they can ask.
func (w *Web) limitText(lang string, limited *twofactor.Limited, set factor.Set, superusers []string) string {
	advice := ""
	app, recovery := set.Has(factor.App), set.Has(factor.Recovery)
	switch {
	case !set.HasFactor():
		advice = "advice.setup" // at the log-in, where an app can be chosen instead of a number
	case !limited.Proven: // another number, beside what they have
	case set.Has(factor.Passkey):
		advice = "advice.passkey"
	case app && recovery:
		advice = "advice.both"
	case app:
		advice = "advice.app"
	case recovery:
		advice = "advice.recovery"
	case len(superusers) > 0:
		advice = "advice.superuser"
	default:
		advice = "advice.operator"
	}
	why := locale.T(lang, "limit."+limited.Word())
	if advice == "" {
		return why
	}
	return locale.T(lang, "advice.joined", "Why", why, "Advice",
		locale.T(lang, advice, "Names", strings.Join(superusers, ", "), "Product", w.Product))
}

// errExhausted says that the log-in ended with too many wrong proofs.
var errExhausted = fault.New(fault.Ended, "too many wrong proofs")

// ProofProblem returns the sentence for a proof that was not right, or an error: errExhausted when the session ended
// with it.
func (w *Web) ProofProblem(c echo.Context, err error, notACode string) (problem string, _ error) {
	var wrong *twofactor.Wrong
	var wait *twofactor.Wait
	switch {
	case errors.Is(err, twofactor.ErrNotACode):
		return w.T(c, notACode), nil
	case errors.As(err, &wrong) && wrong.Left == 0:
		// The domain ended the session, unless only the number to change to was being proven.
		_, err := w.sessions.Load(c.Request().Context(), session.Token(w.Cookie(c, CookieSession)))
		if errors.Is(err, session.ErrNone) {
			return "", errExhausted
		}
		return w.T(c, "code.exhausted"), err
	case errors.As(err, &wrong):
		return w.WrongText(c, wrong), nil
	case errors.As(err, &wait):
		return w.WaitText(c, wait), nil
	case errors.Is(err, twofactor.ErrOver), errors.Is(err, twofactor.ErrHasFactor):
		return w.T(c, "code.over"), nil
	}
	return "", err
}

// WrongText returns the sentence for a proof that was wrong, with what the user can do where the phone's clock is the
// reason.
func (w *Web) WrongText(c echo.Context, wrong *twofactor.Wrong) string {
	text := w.N(c, "code.wrong", wrong.Left)
	if wrong.Clock == 0 {
		return text
	}
	key := "code.clock_fast"
	if wrong.Clock < 0 {
		key = "code.clock_slow"
	}
	return text + " " + w.N(c, key, max(1, int(wrong.Clock.Abs().Round(time.Minute).Minutes())))
}

// WaitText returns the sentence for a user who was wrong ten times in a row.
func (w *Web) WaitText(c echo.Context, wait *twofactor.Wait) string {
	switch {
	case wait.Lock == factor.LockRecovery && wait.Stranger:
		return w.T(c, "code.strangers_locked")
	case wait.Lock == factor.LockRecovery:
		return w.T(c, "code.locked")
	case wait.Lock == factor.LockReset && wait.Stranger:
		return w.T(c, "code.strangers_disabled")
	case wait.Lock == factor.LockReset:
		return w.T(c, "code.disabled")
	}
	return w.N(c, "code.wait", int(wait.For.Minutes())+1)
}
