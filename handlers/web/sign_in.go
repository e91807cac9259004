package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// SigningInClient returns the browser that sends a log-in form.
func (w *Web) SigningInClient(c echo.Context) session.Client {
	client := w.Client(c)
	if w.plain(c) && w.Cookie(c, CookieBrowser) == "" {
		// The secure cookie of the log-in page did not come back: this browser takes a plain one, on loopback.
		w.writeCookie(c, CookieBrowser, string(session.NewToken()), YearSeconds, true)
	}
	return client
}

// SignInProblem returns the sentence and the status of a log-in that was refused. wrong is the sentence for wrong
// names or passwords.
func (w *Web) SignInProblem(c echo.Context, err error, wrong string) (problem string, status int, _ error) {
	var delay *account.Delay
	switch {
	case errors.Is(err, account.ErrWrong):
		return wrong, http.StatusUnprocessableEntity, nil
	case errors.As(err, &delay):
		return w.N(c, "login.delay", int(delay.Wait.Seconds())), http.StatusTooManyRequests, nil
	case errors.Is(err, twofactor.ErrFactorElsewhere):
		return w.T(c, "login.elsewhere"), http.StatusUnprocessableEntity, nil
	case errors.Is(err, session.ErrCrowded):
		return w.T(c, "login.crowded"), http.StatusTooManyRequests, nil
	case errors.Is(err, account.ErrBusy):
		c.Response().Header().Set("Retry-After", "5")
		return w.T(c, "login.busy"), http.StatusServiceUnavailable, nil
	}
	return "", 0, err
}

// EndPrevious ends the session that this browser had before a new log-in: it is not left lying about. A log-in that
// goes on has another token by now, and stays.
func (w *Web) EndPrevious(c echo.Context, client session.Client) error {
	if _, ok := CurrentSessionOK(c); ok {
		old, err := w.sessions.Load(c.Request().Context(), session.Token(w.Cookie(c, CookieSession)))
		if errors.Is(err, session.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		err = w.sessions.EndOne(c.Request().Context(), old, old.ID, client)
		if err != nil && !errors.Is(err, session.ErrNone) {
			return err
		}
	}
	return nil
}

// arrivedSeconds is how long a log-in may take to lead straight on to the only application.
const arrivedSeconds = 3600

// Enter hands the browser its new session, ends the one it had before, and leads on.
func (w *Web) Enter(c echo.Context, token session.Token, client session.Client, next string) error {
	if err := w.EndPrevious(c, client); err != nil {
		return err
	}
	w.SetSession(c, token)
	w.SetCookie(c, CookieArrived, "yes", arrivedSeconds)
	return w.Redirect(c, next)
}
