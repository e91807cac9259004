package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// StepUpPage asks for a proof before a change: of the kind that a log-in would ask for, or the password where the user
// has no factor.
func (s *Screens) StepUpPage(c echo.Context) error { return s.showStepUp(c, "") }

func (s *Screens) showStepUp(c echo.Context, problem string) error {
	methods := web.CurrentSession(c).Factors
	view := templates.ProveView{
		Heading: s.T(c, "confirm.title"), Label: s.T(c, "code.label"), Input: templates.InputCode, Action: paths.StepUp,
		Next: web.SafePath(web.Value(c, "next"), ""), Error: problem,
		Links: []templates.Link{{URL: paths.Me, Text: s.T(c, "cancel")}},
	}
	number := methods.Confirmed()
	step, kind := s.factors.Next(methods, false)
	switch {
	case step == twofactor.StepProve && kind != factor.App:
		return s.Redirect(c, paths.Next(web.KindOf(kind).StepUp, view.Next))
	case step == twofactor.StepProve:
		view.Lead = s.T(c, "confirm.lead_app")
		if number != nil {
			view.SendURL, view.Send = paths.StepUpSend, s.T(c, "confirm.use_sms")
		}
		if methods.Of(factor.Recovery).Amount > 0 {
			view.Links = append(view.Links,
				templates.Link{URL: paths.Next(paths.StepUpRecovery, view.Next), Text: s.T(c, "confirm.use_recovery")})
		}
	case number != nil:
		view.Lead = s.T(c, "confirm.lead_sms", "Number", web.Masked(number.E164))
		view.SendURL, view.Send = paths.StepUpSend, s.T(c, "code.send")
	default:
		view.Lead, view.Label = s.T(c, "confirm.lead_password"), s.T(c, "login.password")
		view.Input = templates.InputPassword
	}
	return web.Page(c, web.StatusFor(problem), templates.Prove, s.Layout(c, view.Heading, paths.StepUp), view)
}

func (s *Screens) StepUp(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	methods := sess.Factors
	if !methods.HasFactor() {
		return s.provePassword(c, sess)
	}
	proven, err := s.factors.Prove(ctx, sess, s.Client(c), factor.App, c.FormValue("code"))
	if err == nil {
		return s.AfterStepUp(c, proven.Token)
	}
	problem, err := s.ProofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	return s.showStepUp(c, problem)
}

func (s *Screens) provePassword(c echo.Context, sess session.Session) error {
	ctx := c.Request().Context()
	err := s.accounts.CheckPassword(ctx, sess.User, sess.ID, sess.OfficeCode, c.FormValue("password"), c.RealIP())
	var delay *account.Delay
	switch {
	case errors.Is(err, account.ErrWrong):
		return s.showStepUp(c, s.T(c, "confirm.wrong_password"))
	case errors.As(err, &delay):
		return s.showStepUp(c, s.N(c, "login.delay", int(delay.Wait.Seconds())))
	case err != nil:
		return err
	}
	token, err := s.sessions.ProvePassword(ctx, sess)
	if err != nil {
		return err
	}
	return s.AfterStepUp(c, token)
}
