package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/account"
	"github.com/nightlatch/nightlatch/locale"
	"github.com/nightlatch/nightlatch/session"
	"github.com/nightlatch/nightlatch/templates"
)

// start leads to where the visitor belongs.
func (s *Site) start(c echo.Context) error {
	if sess, ok := sessionOf(c); !ok {
		return s.redirect(c, "/login")
	} else if sess.Pending() {
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
	case "out":
		view.Notice = s.t(c, "login.logged_out")
	}
	return s.showLogin(c, http.StatusOK, view)
}

func (s *Site) showLogin(c echo.Context, status int, view templates.LoginView) error {
	return page(c, status, templates.Login, s.frame(c, s.t(c, "login.title"), "/login"), view)
}

func (s *Site) login(c echo.Context) error {
	ctx, client := c.Request().Context(), s.client(c)
	view := templates.LoginView{Office: strings.TrimSpace(c.FormValue("office")), Username: strings.TrimSpace(c.FormValue("username"))}
	password := c.FormValue("password")
	if view.Office == "" || view.Username == "" || password == "" {
		view.Error = s.t(c, "login.missing")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	if s.plain(c) && s.cookie(c, cookieBrowser) == "" {
		// The secure cookie of the log-in page did not come back: this browser takes a plain one, on loopback.
		s.writeCookie(c, cookieBrowser, string(session.NewToken()), yearSeconds, true)
	}
	user, err := s.Accounts.SignIn(ctx, account.Attempt{
		OfficeCode: view.Office, Username: view.Username, Password: password, Browser: client.Browser, Address: client.Address,
	})
	if err != nil {
		var status int
		if status, view.Error, err = s.signInProblem(c, err); err != nil {
			return err
		}
		return s.showLogin(c, status, view)
	}
	language := locale.Negotiate(user.Language, s.cookie(c, cookieLanguage), c.Request().Header.Get("Accept-Language"))
	token, err := s.Factors.Begin(ctx, user, language, client)
	if err != nil {
		return err
	}
	return s.enter(c, token)
}

func (s *Site) logout(c echo.Context) error {
	if sess, ok := sessionOf(c); ok {
		if err := s.Sessions.End(c.Request().Context(), sess, sess.ID, s.client(c)); err != nil && !errors.Is(err, session.ErrNone) {
			return err
		}
	}
	s.dropSession(c)
	return s.redirect(c, "/login?why=out")
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
