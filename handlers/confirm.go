package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// confirmPage asks for a fresh proof before a change: the app's code, a text message, or, for who has no
// factor, the password.
func (s *Site) confirmPage(c echo.Context) error { return s.showConfirm(c, "") }

func (s *Site) showConfirm(c echo.Context, problem string) error {
	methods, err := s.Factors.Methods(c.Request().Context(), must(c).User.ID)
	if err != nil {
		return err
	}
	view := templates.ProveView{
		Heading: s.t(c, "confirm.title"), Label: s.t(c, "code.label"), Input: templates.InputCode, Action: "/settings/confirm",
		Next: safePath(first(c, "next"), ""), Error: problem, Links: []templates.Link{{URL: pathMe, Text: s.t(c, "cancel")}},
	}
	number := methods.SMS()
	switch {
	case methods.Authenticator:
		view.Lead = s.t(c, "confirm.lead_app")
		if number != nil {
			view.SendURL, view.Send = "/settings/confirm/send", s.t(c, "confirm.use_sms")
		}
		if methods.RecoveryCodes > 0 {
			view.Links = append(view.Links, templates.Link{URL: withNext("/settings/confirm/recovery", view.Next), Text: s.t(c, "confirm.use_recovery")})
		}
	case number != nil:
		view.Lead = s.t(c, "confirm.lead_sms", "Number", masked(number.E164))
		view.SendURL, view.Send = "/settings/confirm/send", s.t(c, "code.send")
	default:
		view.Lead, view.Label, view.Input = s.t(c, "confirm.lead_password"), s.t(c, "login.password"), templates.InputPassword
	}
	return page(c, statusFor(problem), templates.Prove, s.frame(c, view.Heading, "/settings/confirm"), view)
}

func (s *Site) confirm(c echo.Context) error {
	ctx, sess := c.Request().Context(), must(c)
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	if !methods.HasFactor() {
		return s.confirmPassword(c, sess)
	}
	proven, err := s.Factors.VerifyApp(ctx, sess, s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		return s.afterFresh(c)
	}
	problem, ended, err := s.proofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	if ended {
		return s.redirect(c, "/login?why=exhausted")
	}
	return s.showConfirm(c, problem)
}

func (s *Site) confirmPassword(c echo.Context, sess session.Session) error {
	ctx := c.Request().Context()
	err := s.Accounts.CheckPassword(ctx, sess.User, sess.OfficeCode, c.FormValue("password"), c.RealIP())
	var delay *account.Delay
	switch {
	case errors.Is(err, account.ErrWrong):
		return s.showConfirm(c, s.t(c, "confirm.wrong_password"))
	case errors.As(err, &delay):
		return s.showConfirm(c, s.n(c, "login.delay", int(delay.Wait.Seconds())))
	case err != nil:
		return err
	}
	token, err := s.Sessions.ProvePassword(ctx, sess)
	if errors.Is(err, session.ErrNone) {
		return s.redirect(c, "/login?why=over")
	}
	if err != nil {
		return err
	}
	s.setSession(c, token)
	return s.afterFresh(c)
}

// afterFresh goes on with what needed the proof. A GET changes nothing, so the user presses once more.
func (s *Site) afterFresh(c echo.Context) error {
	return s.redirect(c, safePath(c.FormValue("next"), pathMe)+"?done=confirmed")
}
