package operator

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

// form is the operators' log-in.
func (s *Screens) form() web.LoginForm {
	return web.LoginForm{
		Path: paths.OperatorLogin, Operators: true, Title: "operator.login_title", Lead: "operator.login_lead",
		Wrong: "operator.wrong", Begin: s.begin, Enter: s.enter,
	}
}

// LoginPage is everybody's: an operator who signs in replaces whatever session the browser had.
func (s *Screens) LoginPage(c echo.Context) error {
	if sess, ok := web.CurrentSessionOK(c); ok && sess.User.IsOperator() {
		return s.Redirect(c, paths.Operator)
	}
	return s.Web.LoginPage(c, s.form())
}

// Login takes all three at once. Whether the code is right shows only to who has the password.
func (s *Screens) Login(c echo.Context) error { return s.LogIn(c, s.form()) }

func (s *Screens) begin(
	c echo.Context, attempt account.Attempt, client session.Client,
) (token session.Token, next string, err error) {
	user, err := s.accounts.SignInOperator(c.Request().Context(), attempt)
	if err != nil {
		return "", "", err
	}
	token, err = s.factors.BeginOperator(c.Request().Context(), user, client)
	return token, paths.OperatorCode, err
}

// enter hands the browser its session, which the code may have raised.
func (s *Screens) enter(c echo.Context, token session.Token, client session.Client, next string) error {
	if err := s.EndPrevious(c, client); err != nil {
		return err
	}
	code := c.FormValue("code")
	if strings.TrimSpace(code) == "" {
		s.SetSession(c, token)
		return s.Redirect(c, next)
	}
	sess, err := s.sessions.Load(c.Request().Context(), token)
	if err != nil {
		return err
	}
	token, problem, err := s.proveAtOnce(c, sess, token, client, code)
	if err != nil {
		return err
	}
	s.SetSession(c, token)
	switch problem {
	case "":
		return s.Home(c, sess.User.ID, paths.Operator)
	case wrongCode:
		return s.Tell(c, paths.OperatorCode, problem)
	}
	return s.Tell(c, paths.OperatorLogin, problem)
}

// wrongCode is the word for a code that came with the password and was not right.
const wrongCode = "wrong"

// proveAtOnce tries the code that came with the password, and returns the session's token after that and the word for
// why it was refused, if it was. A password must not stand in a page that can be loaded again, so that a wrong code is
// told on the next one.
func (s *Screens) proveAtOnce(
	c echo.Context, sess session.Session, token session.Token, client session.Client, code string,
) (_ session.Token, problem string, _ error) {
	proven, err := s.factors.Prove(c.Request().Context(), sess, client, factor.App, code)
	if err == nil {
		return proven.Token, "", nil
	}
	_, ended, err := s.codeProblem(c, err)
	if ended == "" {
		ended = wrongCode
	}
	return token, ended, err
}
