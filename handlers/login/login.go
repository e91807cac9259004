package login

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
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
	sess, _ := web.CurrentSessionOK(c)
	asked, err := s.drill(c)
	if err != nil {
		return err
	}
	if asked {
		return s.Redirect(c, paths.Drill)
	}
	soon, err := s.soon(c)
	if err != nil {
		return err
	}
	if !soon.IsZero() {
		return s.Redirect(c, paths.Soon)
	}
	return s.Home(c, sess.User.ID, paths.Me)
}

// form is the log-in of an office's users.
func (s *Screens) form() web.LoginForm {
	return web.LoginForm{
		Path: paths.Login, Title: "login.title", Lead: "login.lead", Wrong: "login.wrong",
		Begin: s.begin, Ask: s.ask, Enter: s.Enter,
	}
}

func (s *Screens) Page(c echo.Context) error {
	if _, ok := web.CurrentSessionOK(c); ok {
		return s.Start(c)
	}
	return s.LoginPage(c, s.form())
}

func (s *Screens) Login(c echo.Context) error { return s.LogIn(c, s.form()) }

// begin begins a session by password. A password that was replaced meanwhile is a wrong one.
func (s *Screens) begin(
	c echo.Context, attempt account.Attempt, client session.Client,
) (token session.Token, next string, err error) {
	user, err := s.accounts.SignIn(c.Request().Context(), attempt)
	if err != nil {
		return "", "", err
	}
	token, sent, err := s.factors.Begin(c.Request().Context(), user, s.spokenBy(c, user), client)
	if sent {
		return token, paths.LoginCode, err
	}
	return token, paths.Start, err
}

// spokenBy returns the language of a user who has just shown who they are.
func (s *Screens) spokenBy(c echo.Context, user account.User) string {
	return locale.Negotiate(user.Language, s.Cookie(c, web.CookieLanguage), c.Request().Header.Get("Accept-Language"))
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
	s.SetCookie(c, web.CookieReturn, "", -1)
	return s.Tell(c, login, "out")
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
