package login

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// Start leads to where the visitor belongs.
func (s *Screens) Start(c echo.Context) error {
	switch sess, ok := web.CurrentSessionOK(c); {
	case !ok:
		return s.Redirect(c, paths.Login)
	case sess.User.IsOperator():
		return s.Redirect(c, paths.Operator)
	case sess.Pending():
		return s.Redirect(c, paths.SecondStep)
	}
	return s.Redirect(c, paths.Me)
}

func (s *Screens) Page(c echo.Context) error {
	if _, ok := web.CurrentSessionOK(c); ok {
		return s.Start(c)
	}
	s.KnowBrowser(c)
	view := pages.View{}
	switch c.QueryParam("why") {
	case "over":
		view.Notice = s.T(c, "login.over")
	case "exhausted":
		view.Error = s.T(c, "login.exhausted")
	case "password":
		view.Notice = s.T(c, "login.password_set")
	case "out":
		view.Notice = s.T(c, "login.logged_out")
	}
	return s.showLogin(c, http.StatusOK, view)
}

func (s *Screens) showLogin(c echo.Context, status int, view pages.View) error {
	return web.Page(c, status, pages.Login, s.Layout(c, s.T(c, "login.title"), paths.Login), view)
}

func (s *Screens) Login(c echo.Context) error {
	ctx := c.Request().Context()
	view := pages.View{Office: strings.TrimSpace(c.FormValue("office")),
		Username: strings.TrimSpace(c.FormValue("username"))}
	password := c.FormValue("password")
	if view.Office == "" || view.Username == "" || password == "" {
		view.Error = s.T(c, "login.missing")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	client := s.SigningInClient(c)
	user, err := s.accounts.SignIn(ctx, account.Attempt{
		OfficeCode: view.Office, Username: view.Username, Password: password, Browser: client.Browser,
		Address: client.Address,
	})
	if err != nil {
		return s.refuseLogin(c, view, err)
	}
	language := locale.Negotiate(user.Language, s.Cookie(c, web.CookieLanguage), c.Request().Header.Get("Accept-Language"))
	token, err := s.factors.Begin(ctx, user, language, client)
	if err != nil {
		return s.refuseLogin(c, view, err) // a password that was replaced meanwhile is a wrong one
	}
	return s.Enter(c, token)
}

func (s *Screens) refuseLogin(c echo.Context, view pages.View, refused error) error {
	problem, status, err := s.SignInProblem(c, refused, s.T(c, "login.wrong"))
	if err != nil {
		return err
	}
	view.Error = problem
	return s.showLogin(c, status, view)
}

func (s *Screens) Logout(c echo.Context) error {
	login := paths.Login
	if sess, ok := web.CurrentSessionOK(c); ok {
		if sess.User.IsOperator() {
			login = paths.OperatorLogin
		}
		if err := s.EndPrevious(c, s.Client(c)); err != nil {
			return err
		}
	}
	s.DropSession(c)
	return s.Redirect(c, paths.Why(login, "out"))
}

// SetLanguage keeps the choice in this browser and, for who is signed in, with the user.
func (s *Screens) SetLanguage(c echo.Context) error {
	language := c.FormValue("language")
	if !locale.Known(language) {
		return echo.ErrBadRequest
	}
	s.SetCookie(c, web.CookieLanguage, language, web.YearSeconds)
	if sess, ok := web.CurrentSessionOK(c); ok && !sess.Pending() {
		if err := s.accounts.SetLanguage(c.Request().Context(), sess.User.ID, language); err != nil {
			return err
		}
	}
	return s.Redirect(c, web.SafePath(c.FormValue("back"), paths.Start))
}
