package operator

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// LoginPage is everybody's: an operator who signs in replaces whatever session the browser had.
func (s *Screens) LoginPage(c echo.Context) error {
	if sess, ok := web.CurrentSessionOK(c); ok && sess.User.IsOperator() {
		return s.Redirect(c, paths.Operator)
	}
	s.KnowBrowser(c)
	view := pages.LoginView{}
	switch c.QueryParam("why") {
	case "over":
		view.Notice = s.T(c, "login.over")
	case "exhausted":
		view.Error = s.T(c, "login.exhausted")
	case "out":
		view.Notice = s.T(c, "login.logged_out")
	}
	return s.showLogin(c, http.StatusOK, view)
}

func (s *Screens) showLogin(c echo.Context, status int, view pages.LoginView) error {
	return web.Page(c, status, pages.OperatorLogin, s.Layout(c, s.T(c, "operator.login_title"), paths.OperatorLogin),
		view)
}

// Login takes all three at once. Whether the code is right shows only to who has the password.
func (s *Screens) Login(c echo.Context) error {
	ctx := c.Request().Context()
	view := pages.LoginView{Username: strings.TrimSpace(c.FormValue("username"))}
	password, code := c.FormValue("password"), c.FormValue("code")
	if view.Username == "" || password == "" {
		view.Error = s.T(c, "operator.missing")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	client := s.SigningInClient(c)
	user, err := s.accounts.SignInOperator(ctx,
		account.Attempt{Username: view.Username, Password: password, Browser: client.Browser, Address: client.Address})
	if err != nil {
		return s.refuseLogin(c, view, err)
	}
	token, err := s.factors.BeginOperator(ctx, user, client)
	if err != nil {
		return s.refuseLogin(c, view, err)
	}
	if err := s.EndPrevious(c, client); err != nil {
		return err
	}
	to := paths.OperatorCode
	if strings.TrimSpace(code) != "" {
		if token, to, err = s.proveAtOnce(c, token, client, code); err != nil {
			return err
		}
	}
	s.SetSession(c, token)
	return s.Redirect(c, to)
}

func (s *Screens) refuseLogin(c echo.Context, view pages.LoginView, refused error) error {
	problem, status, err := s.SignInProblem(c, refused, s.T(c, "operator.wrong"))
	if err != nil {
		return err
	}
	view.Error = problem
	return s.showLogin(c, status, view)
}

// proveAtOnce tries the code that came with the password, and returns the session's token after that and
// where it leads. A password must not stand in a page that can be loaded again, so that a wrong code is
// told on the next one.
func (s *Screens) proveAtOnce(c echo.Context, token session.Token, client session.Client, code string) (session.Token,
	string, error) {
	ctx := c.Request().Context()
	sess, err := s.sessions.Load(ctx, token)
	if err != nil {
		return token, "", err
	}
	proven, err := s.factors.Prove(ctx, sess, client, factor.App, code)
	if err == nil {
		return proven.Token, paths.Operator, nil
	}
	_, to, err := s.codeProblem(c, err)
	if to == "" {
		to = paths.Why(paths.OperatorCode, "wrong")
	}
	return token, to, err
}
