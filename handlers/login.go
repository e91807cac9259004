package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// start leads to where the visitor belongs.
func (s *Site) start(c echo.Context) error {
	switch sess, ok := sessionOf(c); {
	case !ok:
		return s.redirect(c, "/login")
	case sess.User.IsOperator():
		return s.redirect(c, pathOperator)
	case sess.Pending():
		return s.redirect(c, "/login/second-step")
	}
	return s.redirect(c, pathMe)
}

func (s *Site) loginPage(c echo.Context) error {
	if _, ok := sessionOf(c); ok {
		return s.start(c)
	}
	s.knowBrowser(c)
	view := templates.LoginView{}
	switch c.QueryParam("why") {
	case "over":
		view.Notice = s.t(c, "login.over")
	case "exhausted":
		view.Error = s.t(c, "login.exhausted")
	case "password":
		view.Notice = s.t(c, "login.password_set")
	case "out":
		view.Notice = s.t(c, "login.logged_out")
	}
	return s.showLogin(c, http.StatusOK, view)
}

func (s *Site) showLogin(c echo.Context, status int, view templates.LoginView) error {
	return page(c, status, templates.Login, s.frame(c, s.t(c, "login.title"), "/login"), view)
}

func (s *Site) login(c echo.Context) error {
	ctx := c.Request().Context()
	view := templates.LoginView{Office: strings.TrimSpace(c.FormValue("office")), Username: strings.TrimSpace(c.FormValue("username"))}
	password := c.FormValue("password")
	if view.Office == "" || view.Username == "" || password == "" {
		view.Error = s.t(c, "login.missing")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	client := s.signingInClient(c)
	user, err := s.Accounts.SignIn(ctx, account.Attempt{
		OfficeCode: view.Office, Username: view.Username, Password: password, Browser: client.Browser, Address: client.Address,
	})
	if err != nil {
		problem, status, err := s.signInProblem(c, err, s.t(c, "login.wrong"))
		if err != nil {
			return err
		}
		view.Error = problem
		return s.showLogin(c, status, view)
	}
	language := locale.Negotiate(user.Language, s.cookie(c, cookieLanguage), c.Request().Header.Get("Accept-Language"))
	token, err := s.Factors.Begin(ctx, user, language, client)
	if err != nil {
		return err
	}
	return s.enter(c, token)
}

// signingInClient is the browser that sends a log-in form.
func (s *Site) signingInClient(c echo.Context) session.Client {
	client := s.client(c)
	if s.plain(c) && s.cookie(c, cookieBrowser) == "" {
		// The secure cookie of the log-in page did not come back: this browser takes a plain one, on loopback.
		s.writeCookie(c, cookieBrowser, string(session.NewToken()), yearSeconds, true)
	}
	return client
}

// signInProblem is the sentence and the status of a log-in that was refused, the same at every door but
// for what wrong names.
func (s *Site) signInProblem(c echo.Context, err error, wrong string) (problem string, status int, _ error) {
	var delay *account.Delay
	switch {
	case errors.Is(err, account.ErrWrong):
		return wrong, http.StatusUnprocessableEntity, nil
	case errors.As(err, &delay):
		return s.n(c, "login.delay", int(delay.Wait.Seconds())), http.StatusTooManyRequests, nil
	case errors.Is(err, account.ErrBusy):
		c.Response().Header().Set("Retry-After", "5")
		return s.t(c, "login.busy"), http.StatusServiceUnavailable, nil
	}
	return "", 0, err
}

// endPrevious ends the session that this browser had before a new log-in: it is not left lying about.
func (s *Site) endPrevious(c echo.Context, client session.Client) error {
	if old, ok := sessionOf(c); ok {
		if err := s.Sessions.End(c.Request().Context(), old, old.ID, client); err != nil && !errors.Is(err, session.ErrNone) {
			return err
		}
	}
	return nil
}

func (s *Site) logout(c echo.Context) error {
	door := "/login"
	if sess, ok := sessionOf(c); ok {
		if sess.User.IsOperator() {
			door = pathOperatorLogin
		}
		if err := s.endPrevious(c, s.client(c)); err != nil {
			return err
		}
	}
	s.dropSession(c)
	return s.redirect(c, door+"?why=out")
}

// setLanguage keeps the choice in this browser and, for who is signed in, with the user.
func (s *Site) setLanguage(c echo.Context) error {
	language := c.FormValue("language")
	if !locale.Known(language) {
		return echo.ErrBadRequest
	}
	s.setCookie(c, cookieLanguage, language, yearSeconds)
	if sess, ok := sessionOf(c); ok && !sess.Pending() {
		if err := s.Accounts.SetLanguage(c.Request().Context(), sess.User.ID, language); err != nil {
			return err
		}
	}
	return s.redirect(c, safePath(c.FormValue("back"), "/"))
}
