package login

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// SecondStep leads a pending log-in to the page it needs.
func (s *Screens) SecondStep(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	methods, err := s.factors.Enrolled(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	challenge, err := s.factors.Current(ctx, sess)
	if err != nil && !errors.Is(err, twofactor.ErrOver) {
		return err
	}
	switch step, kind := s.factors.Next(methods, err == nil && challenge.Live()); step {
	case twofactor.StepProve:
		return s.Redirect(c, provePath(kind))
	case twofactor.StepNumber:
		return s.Redirect(c, paths.LoginCheck)
	case twofactor.StepChoose:
		return s.Redirect(c, paths.LoginMethod)
	}
	return s.Redirect(c, paths.LoginCode)
}

// provePath returns the page on which a pending log-in proves a kind of factor. A kind that has none of its own is
// among the ways.
func provePath(kind factor.Kind) string {
	if kind == factor.App {
		return paths.LoginApp
	}
	return paths.LoginWays
}

// MethodPage lets who has no method yet choose one.
func (s *Screens) MethodPage(c echo.Context) error { return s.showMethods(c, "") }

func (s *Screens) showMethods(c echo.Context, problem string) error {
	sess := web.CurrentSession(c)
	methods, err := s.factors.Enrolled(c.Request().Context(), sess.User.ID)
	if err != nil {
		return err
	}
	if methods.HasFactor() {
		return s.Redirect(c, paths.SecondStep)
	}
	view := pages.MethodView{Office: sess.OfficeName, Error: problem}
	return web.Page(c, web.StatusFor(problem), pages.Method, s.Layout(c, s.T(c, "method.title"), paths.LoginMethod),
		view)
}

func (s *Screens) ChooseMethod(c echo.Context) error {
	switch c.FormValue("method") {
	case "sms":
		return s.Redirect(c, paths.LoginNumber)
	case "app":
		return s.Redirect(c, paths.LoginAppSetup)
	}
	return s.showMethods(c, s.T(c, "method.missing"))
}
