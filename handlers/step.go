package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// secondStep leads a pending log-in to the page it needs.
func (s *Site) secondStep(c echo.Context) error {
	ctx, sess := c.Request().Context(), must(c)
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	challenge, err := s.Factors.Current(ctx, sess)
	if err != nil && !errors.Is(err, twofactor.ErrOver) {
		return err
	}
	switch twofactor.Next(methods, err == nil && challenge.Live()) {
	case twofactor.StepApp:
		return s.redirect(c, "/login/app")
	case twofactor.StepNumber:
		return s.redirect(c, "/login/check")
	case twofactor.StepChoose:
		return s.redirect(c, "/login/method")
	}
	return s.redirect(c, "/login/code")
}

// base is where the pages of the second step stand: at the log-in, or in settings for a fresh proof.
func base(sess session.Session) string {
	if sess.Pending() {
		return "/login"
	}
	return "/settings/confirm"
}

// methodPage lets who has no method yet choose one.
func (s *Site) methodPage(c echo.Context) error { return s.showMethods(c, "") }

func (s *Site) showMethods(c echo.Context, problem string) error {
	sess := must(c)
	methods, err := s.Factors.Methods(c.Request().Context(), sess.User.ID)
	if err != nil {
		return err
	}
	if methods.HasFactor() {
		return s.redirect(c, "/login/second-step")
	}
	view := templates.MethodView{Office: sess.OfficeName, Error: problem}
	return page(c, statusFor(problem), templates.Method, s.frame(c, s.t(c, "method.title"), "/login/method"), view)
}

func (s *Site) chooseMethod(c echo.Context) error {
	switch c.FormValue("method") {
	case "sms":
		return s.redirect(c, "/login/number")
	case "app":
		return s.redirect(c, "/login/app/setup")
	}
	return s.showMethods(c, s.t(c, "method.missing"))
}

// checkNumberPage shows the number that the office registered.
func (s *Site) checkNumberPage(c echo.Context) error { return s.showCheckNumber(c, "") }

func (s *Site) showCheckNumber(c echo.Context, problem string) error {
	methods, err := s.Factors.Methods(c.Request().Context(), must(c).User.ID)
	if err != nil {
		return err
	}
	number := methods.Unconfirmed()
	if number == nil {
		return s.redirect(c, "/login/second-step")
	}
	view := templates.CheckNumberView{Number: unbroken(phone.MaskedTail(number.E164, 4)), Error: problem}
	return page(c, statusFor(problem), templates.CheckNumber, s.frame(c, s.t(c, "check.title"), "/login/check"), view)
}

// waysPage lists the other ways.
func (s *Site) waysPage(c echo.Context) error {
	sess := must(c)
	methods, err := s.Factors.Methods(c.Request().Context(), sess.User.ID)
	if err != nil {
		return err
	}
	at := base(sess)
	view := templates.WayView{
		App: methods.Authenticator, Recovery: methods.RecoveryCodes > 0, Enrol: sess.Pending() && !methods.HasFactor(),
		SendURL: at + "/send", AppURL: "/login/app", Codes: at + "/recovery", BackURL: "/login/second-step",
		Next: safePath(c.QueryParam("next"), ""),
	}
	if number := methods.SMS(); number != nil {
		view.SMS = masked(number.E164)
	}
	if !sess.Pending() {
		view.AppURL, view.BackURL = withNext("/settings/confirm", view.Next), withNext("/settings/confirm", view.Next)
		view.Codes = withNext(view.Codes, view.Next)
	}
	return page(c, 200, templates.Way, s.frame(c, s.t(c, "way.title"), at+"/ways"), view)
}

// withNext adds where to go on to an address.
func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + next // a safePath needs no escaping
}
