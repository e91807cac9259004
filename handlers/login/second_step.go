package login

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// SecondStep leads a pending log-in to the page it needs.
func (s *Screens) SecondStep(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	methods := sess.Factors
	challenge, err := s.factors.Current(ctx, sess)
	if err != nil && !errors.Is(err, twofactor.ErrOver) {
		return err
	}
	switch step, kind := s.factors.Next(methods, err == nil && challenge.Live()); step {
	case twofactor.StepProve:
		return s.Redirect(c, web.KindOf(kind).Login)
	case twofactor.StepNumber:
		return s.Redirect(c, paths.LoginCheck)
	case twofactor.StepChoose:
		return s.Redirect(c, paths.LoginMethod)
	}
	return s.Redirect(c, paths.LoginCode)
}

// MethodPage lets a user who has no method yet choose one.
func (s *Screens) MethodPage(c echo.Context) error { return s.showMethods(c, "") }

func (s *Screens) showMethods(c echo.Context, problem string) error {
	sess := web.CurrentSession(c)
	set := sess.Factors
	if set.HasFactor() {
		return s.Redirect(c, paths.SecondStep)
	}
	view := pages.MethodView{Office: sess.OfficeName, Error: problem}
	for _, k := range web.Kinds() {
		if k.First != "" && s.factors.Offers(k.Kind) {
			view.Methods = append(view.Methods, pages.Method{Name: k.Name, Icon: k.Icon})
		}
	}
	return web.Page(c, web.StatusFor(problem), pages.Methods, s.Layout(c, s.T(c, "method.title"), paths.LoginMethod),
		view)
}

// ChooseMethod leads to the page on which the method that was chosen is set up.
func (s *Screens) ChooseMethod(c echo.Context) error {
	chosen := c.FormValue("method")
	for _, k := range web.Kinds() {
		if k.First != "" && k.Name == chosen && s.factors.Offers(k.Kind) {
			return s.Redirect(c, k.First)
		}
	}
	return s.showMethods(c, s.T(c, "method.missing"))
}
