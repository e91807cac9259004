package operator

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
	screens "github.com/nightlatch/nightlatch/templates/factor"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// AppPage asks for the password and a code of the present app, before another app is set up in its place.
func (s *Screens) AppPage(c echo.Context) error { return s.showApp(c, "", "") }

func (s *Screens) showApp(c echo.Context, wrongPassword, wrongCode string) error {
	view := pages.AppView{
		Username: web.CurrentSession(c).User.Username, PasswordError: wrongPassword, CodeError: wrongCode,
	}
	return web.Page(c, web.StatusOf(view), pages.App,
		s.layout(c, s.T(c, "operator.app_title"), paths.OperatorApp, templates.SectionMe), view)
}

// ProveForApp begins an operator's next app. Both proofs are asked for, however fresh the log-in is, and the session
// gets a new token with them: a copy of its cookie never sees the new key.
func (s *Screens) ProveForApp(c echo.Context) error {
	ctx, sess, code := c.Request().Context(), web.CurrentSession(c), c.FormValue("code")
	noCode := ""
	if _, ok := typed.Code(code); !ok {
		noCode = s.T(c, "operator.not_a_code")
	}
	err := s.accounts.CheckOperatorPassword(ctx, sess.User, sess.ID, c.FormValue("password"), c.RealIP())
	var delay *account.Delay
	switch {
	case errors.Is(err, account.ErrWrong):
		return s.showApp(c, s.T(c, "confirm.wrong_password"), noCode)
	case errors.As(err, &delay):
		return s.showApp(c, s.N(c, "login.delay", int(delay.Wait.Seconds())), noCode)
	case err != nil:
		return err
	case noCode != "":
		return s.showApp(c, "", noCode)
	}
	if _, err = s.factors.Prove(ctx, sess, s.Client(c), factor.App, code); err != nil {
		return s.refuseCode(c, err, func(problem string) error { return s.showApp(c, "", problem) })
	}
	token, err := s.sessions.ProvePassword(ctx, sess)
	if err != nil {
		return err
	}
	s.SetSession(c, token)
	if _, err := s.factors.BeginEnrolment(ctx, sess, factor.App); err != nil {
		return err
	}
	return s.Redirect(c, paths.OperatorAppSetup)
}

// AppSetupPage shows the new key while the proofs for it are fresh. The present app works on.
func (s *Screens) AppSetupPage(c echo.Context) error { return s.showAppSetup(c, "") }

func (s *Screens) showAppSetup(c echo.Context, problem string) error {
	setup, err := s.factors.AppBegun(c.Request().Context(), web.CurrentSession(c))
	switch {
	case errors.Is(err, twofactor.ErrOver), errors.Is(err, fault.StepUpRequired):
		return s.Redirect(c, paths.OperatorApp)
	case err != nil:
		return err
	}
	view, err := web.AppSetup(setup)
	if err != nil {
		return err
	}
	view.Lead, view.Action, view.Error = s.T(c, "operator.app_lead_new"), paths.OperatorAppSetup, problem
	view.BackURL, view.Back = paths.OperatorMe, s.T(c, "cancel")
	return web.Page(c, web.StatusFor(problem), screens.AppSetup,
		s.Layout(c, s.T(c, "setup.title"), paths.OperatorAppSetup), view)
}

// ConfirmApp puts the new app in the place of the one before, with a code that it shows.
func (s *Screens) ConfirmApp(c echo.Context) error {
	proven, err := s.factors.ConfirmEnrolment(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.App,
		c.FormValue("code"))
	switch {
	case err == nil:
		s.SetSession(c, proven.Token)
		return s.Tell(c, paths.OperatorMe, "operator_app")
	case errors.Is(err, fault.StepUpRequired), errors.Is(err, twofactor.ErrOver):
		return s.Redirect(c, paths.OperatorApp) // the proofs are old, or another tab was first
	}
	return s.refuseCode(c, err, func(problem string) error { return s.showAppSetup(c, problem) })
}
