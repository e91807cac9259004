package login

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/templates"
)

// AppPage asks a pending log-in for the authenticator app's code.
func (s *Screens) AppPage(c echo.Context) error { return s.showApp(c, "") }

func (s *Screens) showApp(c echo.Context, problem string) error {
	methods := web.CurrentSession(c).Factors
	if !methods.Has(factor.App) {
		return s.Redirect(c, paths.SecondStep)
	}
	view := templates.ProveView{
		Heading: s.T(c, "app.title"), Lead: s.T(c, "app.lead", "Product", s.Product), Label: s.T(c, "code.label"),
		Input:  templates.InputCode,
		Action: paths.LoginApp, Error: problem, Trust: web.TrustDays(c),
		Links: append([]templates.Link{{URL: paths.LoginWays, Text: s.T(c, "code.another_way")}}, s.HelpLink(c)...),
	}
	if problem != "" {
		view.Hint = s.T(c, "app.wrong_step")
	}
	return web.Page(c, web.StatusFor(problem), templates.Prove, s.Layout(c, view.Heading, paths.LoginApp), view)
}

func (s *Screens) VerifyApp(c echo.Context) error {
	proven, err := s.factors.Prove(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.App,
		c.FormValue("code"))
	if err == nil {
		s.SetSession(c, proven.Token)
		s.TrustIfAsked(c)
		return s.Home(c, web.CurrentSession(c).User.ID, paths.Me)
	}
	problem, err := s.ProofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	return s.showApp(c, problem)
}
