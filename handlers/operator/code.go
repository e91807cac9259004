package operator

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// CodePage asks for the app's code alone.
func (s *Screens) CodePage(c echo.Context) error {
	err := s.factors.MayProve(c.Request().Context(), web.CurrentSession(c))
	problem := ""
	if err != nil {
		if problem, _, err = s.codeProblem(c, err); err != nil {
			return err
		}
	} else if s.Told(c) == wrongCode {
		problem = s.T(c, "operator.wrong_code")
	}
	return s.showCode(c, http.StatusOK, problem)
}

func (s *Screens) showCode(c echo.Context, status int, problem string) error {
	view := templates.ProveView{
		Heading: s.T(c, "app.title"), Lead: s.T(c, "app.lead", "Product", s.Product), Label: s.T(c, "code.label"),
		Input:  templates.InputCode,
		Action: paths.OperatorCode, Error: problem, SendURL: paths.Logout, Send: s.T(c, "way.log_out"),
	}
	if problem != "" {
		view.Hint = s.T(c, "app.wrong_step")
	}
	return web.Page(c, status, templates.Prove, s.Layout(c, view.Heading, paths.OperatorCode), view)
}

func (s *Screens) VerifyCode(c echo.Context) error {
	proven, err := s.factors.Prove(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.App,
		c.FormValue("code"))
	if err == nil {
		s.SetSession(c, proven.Token)
		return s.Home(c, web.CurrentSession(c).User.ID, paths.Operator)
	}
	return s.refuseCode(c, err, func(problem string) error {
		return s.showCode(c, http.StatusUnprocessableEntity, problem)
	})
}

// refuseCode shows the page again on which a code was not right, with what is wrong, or leads to the log-in when that
// has ended.
func (s *Screens) refuseCode(c echo.Context, refused error, show func(problem string) error) error {
	problem, ended, err := s.codeProblem(c, refused)
	switch {
	case err != nil:
		return err
	case ended != "":
		return s.Tell(c, paths.OperatorLogin, ended)
	}
	return show(problem)
}

// codeProblem is the sentence for a code that was not right, or the word for why the log-in has ended.
func (s *Screens) codeProblem(c echo.Context, err error) (problem, ended string, _ error) {
	var wrong *twofactor.Wrong
	var wait *twofactor.Wait
	switch {
	case errors.Is(err, twofactor.ErrNotACode):
		return s.T(c, "operator.not_a_code"), "", nil
	case errors.As(err, &wrong) && wrong.Left == 0:
		return "", "exhausted", nil
	case errors.As(err, &wrong):
		return s.WrongText(c, wrong), "", nil
	case errors.As(err, &wait) && wait.Until.IsZero():
		return s.T(c, "operator.disabled"), "", nil
	case errors.As(err, &wait):
		return s.WaitText(c, wait), "", nil
	case errors.Is(err, twofactor.ErrOver):
		return "", "over", nil
	}
	return "", "", err
}
