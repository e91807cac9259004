package handlers

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/templates"
)

const pathSignIn = "/settings/office/sign-in"

// signInPage is Settings > Office > Sign-in: the office's provider.
func (s *Site) signInPage(c echo.Context) error {
	settings, err := s.SSO.Settings(c.Request().Context(), must(c))
	if err != nil {
		return err
	}
	return s.showSignIn(c, settings, nil)
}

// showSignIn shows the form with what is set or typed, and what is wrong with a field.
func (s *Site) showSignIn(c echo.Context, shown federation.Settings, problem *federation.Problem) error {
	ctx, sess := c.Request().Context(), must(c)
	set, err := s.SSO.Settings(ctx, sess)
	if err != nil {
		return err
	}
	refusals, err := s.SSO.Refusals(ctx, sess)
	if err != nil {
		return err
	}
	view := templates.SSOSettingsView{
		Exists: set.Exists, Issuer: shown.Issuer, ClientID: shown.ClientID, Policy: templates.Policy(shown.Policy), ACR: strings.Join(shown.ACRValues, " "),
		Callback: s.SSO.Callback(), TwoFactor: sess.TwoFactorRequired, Fresh: s.SSO.Fresh(sess), Host: hostOf(set.Issuer),
	}
	if problem != nil {
		view.Field, view.Error = problem.Field, s.t(c, "sso_problem."+problem.Key)
	}
	if t := set.Test; t != nil {
		view.Test = &templates.SSOTest{At: t.At, Issuer: set.Issuer, AMR: strings.Join(t.AMR, ", "), ACR: t.ACR, AuthTime: t.AuthTime}
		if t.Trouble != "" {
			view.Test.Trouble = s.t(c, "sso_trouble."+t.Trouble)
		}
	}
	for _, r := range refusals {
		view.Refusals = append(view.Refusals, templates.SSORefusal{
			At: r.At, Account: r.Who, Linked: r.Linked, Address: r.Address,
		})
	}
	f, err := s.inside(c, s.t(c, "office.sign_in"), pathSignIn, templates.SectionOffice)
	if err != nil {
		return err
	}
	return page(c, statusFor(view.Error), templates.SSOSettings, f, view)
}

func (s *Site) saveSignIn(c echo.Context) error {
	typed := federation.Settings{
		Issuer: c.FormValue("issuer"), ClientID: c.FormValue("client_id"), Policy: federation.Policy(c.FormValue("policy")), ACRValues: strings.Fields(c.FormValue("acr")),
	}
	err := s.SSO.Save(c.Request().Context(), must(c), typed, c.FormValue("secret"), s.client(c))
	var problem *federation.Problem
	if errors.As(err, &problem) {
		return s.showSignIn(c, typed, problem)
	}
	return s.afterSignInChange(c, err, "saved")
}

// testSignIn begins the round trip of a test, or shows at once why there is none.
func (s *Site) testSignIn(c echo.Context) error {
	browser, reported, err := s.SSO.BeginTest(c.Request().Context(), must(c))
	if errors.Is(err, federation.ErrNone) || err == nil && reported {
		return s.redirect(c, pathSignIn)
	}
	if err != nil {
		return err
	}
	s.setCookie(c, cookieSSO, string(browser), flowSeconds)
	return s.redirect(c, "/login/sso/go")
}

func (s *Site) removeSignIn(c echo.Context) error {
	return s.afterSignInChange(c, s.SSO.Remove(c.Request().Context(), must(c), s.client(c)), "sso_removed")
}

func (s *Site) afterSignInChange(c echo.Context, err error, done string) error {
	if errors.Is(err, federation.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", pathSignIn))
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathSignIn+"?done="+done)
}
