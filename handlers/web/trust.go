package web

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/session"
)

// maxTrusts is how many users of one browser it is remembered for; with one more the oldest is asked again.
const maxTrusts = 4

// TrustDays returns for how many days the second step of a pending log-in offers not to ask again in this browser; 0
// where it does not.
func TrustDays(c echo.Context) int {
	if sess := CurrentSession(c); sess.Pending() {
		return sess.TrustDays
	}
	return 0
}

// TrustIfAsked trusts the browser where the form of a second step, which was right just now, asks for it. The log-in is
// done: what fails here costs a code the next time.
func (w *Web) TrustIfAsked(c echo.Context) {
	sess := CurrentSession(c)
	if c.FormValue("trust") != "yes" || TrustDays(c) == 0 {
		return
	}
	trust, err := w.factors.TrustBrowser(c.Request().Context(), sess, w.Client(c))
	if errors.Is(err, session.ErrNone) {
		return // the office has just stopped allowing it
	}
	if err != nil {
		w.Logger.ErrorContext(c.Request().Context(), "a browser is not trusted", "request", RequestID(c), "error", err)
		return
	}
	kept := append([]string{string(trust.Token)}, w.trusts(c)...)
	w.SetCookie(c, CookieTrust, strings.Join(kept[:min(len(kept), maxTrusts)], "."), int(trust.Life.Seconds()))
}

// trusts are the secrets that the browser keeps, one for each of its users who trust it, the newest first.
func (w *Web) trusts(c echo.Context) []string {
	var all []string
	for _, token := range strings.Split(w.Cookie(c, CookieTrust), ".") {
		if session.Token(token).Hash() != nil && len(all) < maxTrusts {
			all = append(all, token)
		}
	}
	return all
}
