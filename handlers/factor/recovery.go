package factor

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/templates"
)

// RecoveryPage takes a recovery code, at the log-in and for a step-up in settings.
func (s *Screens) RecoveryPage(c echo.Context) error { return s.showRecovery(c, "") }

func (s *Screens) showRecovery(c echo.Context, problem string) error {
	at, next := placesOf(web.CurrentSession(c)), web.SafePath(web.Value(c, "next"), "")
	view := templates.ProveView{
		Heading: s.T(c, "recovery.title"), Lead: s.T(c, "recovery.lead"), Label: s.T(c, "recovery.title"),
		Input:  templates.InputRecovery,
		Action: at.recovery, Next: next, Error: problem,
		Links: append([]templates.Link{{URL: paths.Next(at.ways, next), Text: s.T(c, "code.another_way")}},
			s.HelpLink(c)...),
	}
	return web.Page(c, web.StatusFor(problem), templates.Prove, s.Layout(c, view.Heading, at.recovery), view)
}

func (s *Screens) VerifyRecovery(c echo.Context) error {
	proven, err := s.factors.Prove(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Recovery,
		c.FormValue("code"))
	if err == nil {
		s.SetSession(c, proven.Token)
		if proven.Purpose == factor.PurposeStepUp {
			return s.AfterStepUp(c, proven.Token)
		}
		return s.Home(c, web.CurrentSession(c).User.ID, paths.Me)
	}
	problem, err := s.ProofProblem(c, err, "recovery.not_a_code")
	if err != nil {
		return err
	}
	return s.showRecovery(c, problem)
}
