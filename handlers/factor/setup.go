package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// SetupPage shows the secret of a new authenticator app, at the log-in and in settings.
func (s *Screens) SetupPage(c echo.Context) error { return s.showSetup(c, "") }

func (s *Screens) showSetup(c echo.Context, problem string) error {
	sess := web.CurrentSession(c)
	enrolment, err := s.factors.BeginEnrolment(c.Request().Context(), sess, factor.App)
	at, back, text := paths.MyApp, paths.Me, s.T(c, "cancel")
	if sess.Pending() {
		at, back, text = paths.LoginAppSetup, paths.LoginNumber, s.T(c, "setup.use_sms")
	}
	switch {
	case errors.Is(err, twofactor.ErrHasFactor):
		return s.Redirect(c, placesOf(sess).home)
	case err != nil:
		return err
	}
	view, err := web.AppSetup(enrolment)
	if err != nil {
		return err
	}
	view.Lead, view.Action, view.Error, view.BackURL, view.Back = s.T(c, "setup.lead"), at, problem, back, text
	return web.Page(c, web.StatusFor(problem), pages.AppSetup, s.Layout(c, s.T(c, "setup.title"), at), view)
}

func (s *Screens) ConfirmApp(c echo.Context) error {
	sess := web.CurrentSession(c)
	proven, err := s.factors.ConfirmEnrolment(c.Request().Context(), sess, s.Client(c), factor.App, c.FormValue("code"))
	if err == nil {
		s.SetSession(c, proven.Token)
		return s.Redirect(c, paths.RecoveryCodes)
	}
	over := errors.Is(err, twofactor.ErrOver)
	problem, err := s.ProofProblem(c, err, "code.not_a_code")
	switch {
	case err != nil:
		return err
	case over: // the page that follows has another key than the one that was scanned
		problem = s.T(c, "setup.key_changed")
	}
	return s.showSetup(c, problem)
}
