package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// appPage asks a pending log-in for the authenticator app's code.
func (s *Site) appPage(c echo.Context) error { return s.showApp(c, "") }

func (s *Site) showApp(c echo.Context, problem string) error {
	methods, err := s.Factors.Methods(c.Request().Context(), must(c).User.ID)
	if err != nil {
		return err
	}
	if !methods.Authenticator {
		return s.redirect(c, "/login/second-step")
	}
	view := templates.ProveView{
		Heading: s.t(c, "app.title"), Lead: s.t(c, "app.lead", "Product", s.product), Label: s.t(c, "code.label"), Input: templates.InputCode,
		Action: "/login/app", Error: problem, Links: []templates.Link{{URL: "/login/ways", Text: s.t(c, "code.another_way")}},
	}
	if problem != "" {
		view.Hint = s.t(c, "app.wrong_step")
	}
	return page(c, statusFor(problem), templates.Prove, s.frame(c, view.Heading, "/login/app"), view)
}

func (s *Site) verifyApp(c echo.Context) error {
	proven, err := s.Factors.VerifyApp(c.Request().Context(), must(c), s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		return s.redirect(c, pathMe)
	}
	problem, ended, err := s.proofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	if ended {
		return s.redirect(c, "/login?why=exhausted")
	}
	return s.showApp(c, problem)
}

// setupPage shows the secret of a new authenticator app, at the log-in and in settings.
func (s *Site) setupPage(c echo.Context) error { return s.showSetup(c, "") }

func (s *Site) showSetup(c echo.Context, problem string) error {
	sess := must(c)
	enrolment, err := s.Factors.Enrol(c.Request().Context(), sess)
	at, back, text := "/settings/me/app", pathMe, s.t(c, "cancel")
	if sess.Pending() {
		at, back, text = "/login/app/setup", "/login/number", s.t(c, "setup.use_sms")
	}
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", at))
	case errors.Is(err, twofactor.ErrHasFactor):
		return s.redirect(c, afterNothing(sess))
	case err != nil:
		return err
	}
	qr, err := otp.NewQR(enrolment.URI)
	if err != nil {
		return err
	}
	view := templates.AppSetupView{
		Action: at, Secret: enrolment.Secret.Grouped(), QRSize: qr.Size, QRPath: qr.Path, Error: problem, BackURL: back, Back: text,
	}
	return page(c, statusFor(problem), templates.AppSetup, s.frame(c, s.t(c, "setup.title"), at), view)
}

func (s *Site) confirmApp(c echo.Context) error {
	sess := must(c)
	proven, err := s.Factors.ConfirmApp(c.Request().Context(), sess, s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		return s.redirect(c, "/settings/me/recovery-codes")
	}
	if errors.Is(err, twofactor.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", "/settings/me/app"))
	}
	problem, ended, err := s.proofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	if ended {
		return s.redirect(c, "/login?why=exhausted")
	}
	return s.showSetup(c, problem)
}

func (s *Site) removeApp(c echo.Context) error {
	err := s.Factors.RemoveApp(c.Request().Context(), must(c), s.client(c))
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", pathMe))
	case errors.Is(err, twofactor.ErrLastFactor):
		return s.showMe(c, s.t(c, "me.last_factor"))
	case errors.Is(err, twofactor.ErrOver):
		return s.redirect(c, pathMe)
	case err != nil:
		return err
	}
	return s.redirect(c, pathMe+"?done=app_removed")
}
