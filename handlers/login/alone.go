package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor/passkey"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// ask returns what a browser is asked with where a passkey is the whole log-in in some office.
func (s *Screens) ask(c echo.Context) (question string, offered bool, err error) {
	question, err = s.factors.AskAnybody(c.Request().Context(), s.Client(c))
	if errors.Is(err, twofactor.ErrOver) {
		return "", false, nil
	}
	return question, err == nil, err
}

// Alone logs a user in by a passkey alone, which says who they are.
func (s *Screens) Alone(c echo.Context) error {
	if s.KeepsNoCookies(c) {
		return s.refuseAlone(c, s.T(c, "login.no_cookies"), http.StatusUnprocessableEntity)
	}
	client := s.SigningInClient(c)
	token, err := s.factors.BeginAlone(c.Request().Context(), client, passkey.Response(c.FormValue("credential"), ""))
	var wait *twofactor.Wait
	switch {
	case err == nil:
		return s.Enter(c, token, client, paths.Start)
	case errors.Is(err, twofactor.ErrNotACode):
		return s.refuseAlone(c, s.T(c, "passkey.nothing"), http.StatusUnprocessableEntity)
	case errors.Is(err, twofactor.ErrOver):
		return s.refuseAlone(c, s.T(c, "passkey.over"), http.StatusUnprocessableEntity)
	case errors.As(err, &wait):
		return s.refuseAlone(c, s.WaitText(c, wait), http.StatusUnprocessableEntity)
	}
	problem, status, err := s.SignInProblem(c, err, s.T(c, "login.passkey_wrong"))
	if err != nil {
		return err
	}
	return s.refuseAlone(c, problem, status)
}

func (s *Screens) refuseAlone(c echo.Context, problem string, status int) error {
	return s.ShowLogin(c, status, s.form(), templates.LoginView{Error: problem})
}

// ToLogin is for who loads the answer to a passkey again.
func (s *Screens) ToLogin(c echo.Context) error { return s.Redirect(c, paths.Login) }
