package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// SSOLogin prepares a sign-in at the office's provider. A code that nobody has and an office without a
// provider get one and the same answer.
func (s *Screens) SSOLogin(c echo.Context) error {
	view := templates.LoginView{
		Office: c.FormValue("office"), Username: c.FormValue("username"),
	}
	if issuer := c.FormValue("iss"); view.Office == "" && issuer != "" {
		code, err := s.sso.OfficeOf(c.Request().Context(), issuer)
		if err != nil {
			return s.showInitiate(c, issuer, err)
		}
		view.Office = code
	}
	if view.Office == "" {
		view.OfficeError = s.T(c, "login.sso_office")
		return s.ShowLogin(c, http.StatusUnprocessableEntity, s.form(), view)
	}
	browser, err := s.sso.Begin(c.Request().Context(), view.Office, clip(c.FormValue("login_hint")), s.Client(c))
	if errors.Is(err, federation.ErrNone) {
		view.OfficeError = s.T(c, "login.sso_none")
		return s.ShowLogin(c, http.StatusUnprocessableEntity, s.form(), view)
	}
	if errors.Is(err, federation.ErrTooMany) {
		view.Error = s.T(c, "login.sso_too_many")
		return s.ShowLogin(c, http.StatusTooManyRequests, s.form(), view)
	}
	if err != nil {
		return s.SSOProblem(c, err)
	}
	s.SetCookie(c, web.CookieSSO, string(browser), web.SSOFlowSeconds)
	s.ReturnTo(c, c.FormValue("target"))
	return s.Redirect(c, paths.SSOGo)
}

// SSOGo sends the browser on, by a link. A form may not lead to another origin, nor may what it is
// redirected to: with "form-action 'self'" Chromium stops the whole chain. A page of our own ends it.
func (s *Screens) SSOGo(c echo.Context) error {
	onward, err := s.sso.Onward(c.Request().Context(), session.Token(s.Cookie(c, web.CookieSSO)))
	if err != nil {
		return s.SSOProblem(c, err)
	}
	view := templates.SSOView{
		Heading: s.T(c, "sso.go_title", "Host", onward.Host), Text: s.T(c, "sso.go_text"), Onward: onward.URL,
		OnwardText: s.T(c, "sso.go_do", "Host", onward.Host),
	}
	return web.Page(c, http.StatusOK, templates.SSO, s.Layout(c, view.Heading, paths.SSOGo), view)
}

// SSOCallback is where the provider sends the browser back to.
func (s *Screens) SSOCallback(c echo.Context) error {
	ctx, client := c.Request().Context(), s.Client(c)
	said := c.QueryParams()
	for _, values := range said {
		if len(values) > 1 {
			return s.SSOProblem(c, federation.ErrFlow) // which of them would be meant?
		}
	}
	answer := federation.Answer{
		State: said.Get("state"), Code: said.Get("code"), Issuer: said.Get("iss"), Error: said.Get("error"),
		Browser: session.Token(s.Cookie(c, web.CookieSSO)), Client: client,
		Speaks: func(own string) string {
			return locale.Negotiate(own, s.Cookie(c, web.CookieLanguage), c.Request().Header.Get("Accept-Language"))
		},
	}
	old, had := web.CurrentSessionOK(c)
	if had {
		answer.Session = &old
	}
	arrival, err := s.sso.Return(ctx, answer)
	switch {
	case err != nil:
		return s.SSOProblem(c, err)
	case arrival.Tested:
		s.SetCookie(c, web.CookieSSO, "", -1)
		return s.Redirect(c, paths.OfficeSSO)
	case arrival.Link != "":
		s.SetCookie(c, web.CookieSSO, string(arrival.Link), web.SSOFlowSeconds)
		return s.Redirect(c, paths.SSOLink)
	}
	s.SetCookie(c, web.CookieSSO, "", -1)
	return s.Enter(c, arrival.Session, client, paths.Start)
}

// SSOLinkPage asks who the provider's account is here.
func (s *Screens) SSOLinkPage(c echo.Context) error {
	return s.showSSOLink(c, http.StatusOK, "", "")
}

func (s *Screens) showSSOLink(c echo.Context, status int, username, problem string) error {
	waiting, err := s.sso.Waiting(c.Request().Context(), session.Token(s.Cookie(c, web.CookieSSO)))
	if err != nil {
		return s.SSOProblem(c, err)
	}
	view := pages.SSOLinkView{OfficeName: waiting.OfficeName, Account: waiting.Label, Username: username,
		Error: problem}
	return web.Page(c, status, pages.SSOLink, s.Layout(c, s.T(c, "sso.link_title"), paths.SSOLink), view)
}

// LinkSSO is a log-in with the password that also makes the link, or lets it wait for the second step.
func (s *Screens) LinkSSO(c echo.Context) error {
	ctx, client := c.Request().Context(), s.Client(c)
	browser := session.Token(s.Cookie(c, web.CookieSSO))
	waiting, err := s.sso.Waiting(ctx, browser)
	if err != nil {
		return s.SSOProblem(c, err)
	}
	username, password := c.FormValue("username"), c.FormValue("password")
	if username == "" || password == "" {
		return s.showSSOLink(c, http.StatusUnprocessableEntity, username, s.T(c, "sso.link_missing"))
	}
	user, err := s.accounts.SignIn(ctx, account.Attempt{
		OfficeCode: waiting.OfficeCode, Username: username, Password: password, Browser: client.Browser,
		Address: client.Address,
	})
	if err != nil {
		problem, status, err := s.SignInProblem(c, err, s.T(c, "login.wrong"))
		if err != nil {
			return err
		}
		return s.showSSOLink(c, status, username, problem)
	}
	token, made, err := s.sso.Link(ctx, browser, user, s.spokenBy(c, user), client)
	if errors.Is(err, federation.ErrLinked) {
		return s.showSSOLink(c, http.StatusUnprocessableEntity, username, s.T(c, "sso.link_taken"))
	}
	// Replaced meanwhile, one too many, or linked to another account there already.
	if errors.Is(err, account.ErrWrong) || errors.Is(err, session.ErrCrowded) ||
		errors.Is(err, twofactor.ErrFactorElsewhere) {
		problem, status, err := s.SignInProblem(c, err, s.T(c, "login.wrong"))
		if err != nil {
			return err
		}
		return s.showSSOLink(c, status, username, problem)
	}
	if err != nil {
		return s.SSOProblem(c, err)
	}
	if made {
		s.SetCookie(c, web.CookieSSO, "", -1)
	}
	return s.Enter(c, token, client, paths.Start)
}
