package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// flowSeconds is the life of a flow's cookie: as long as the flow's own.
const flowSeconds = 10 * 60

// ssoLogin prepares a sign-in at the office's provider. A code that nobody has and an office without a
// provider get one and the same answer.
func (s *Site) ssoLogin(c echo.Context) error {
	view := templates.LoginView{Office: strings.TrimSpace(c.FormValue("office")), Username: strings.TrimSpace(c.FormValue("username"))}
	if view.Office == "" {
		view.Error = s.t(c, "login.sso_office")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	browser, err := s.SSO.Begin(c.Request().Context(), view.Office)
	if errors.Is(err, federation.ErrNone) {
		view.Error = s.t(c, "login.sso_none")
		return s.showLogin(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return s.ssoProblem(c, err)
	}
	s.setCookie(c, cookieSSO, string(browser), flowSeconds)
	return s.redirect(c, "/login/sso/go")
}

// ssoGo sends the browser on, by a link. A form may not lead to another origin, nor may what it is
// redirected to: with "form-action 'self'" Chromium stops the whole chain. A page of our own ends it.
func (s *Site) ssoGo(c echo.Context) error {
	onward, err := s.SSO.Onward(c.Request().Context(), session.Token(s.cookie(c, cookieSSO)))
	if err != nil {
		return s.ssoProblem(c, err)
	}
	view := templates.SSOView{
		Heading: s.t(c, "sso.go_title", "Host", onward.Host), Text: s.t(c, "sso.go_text"), Onward: onward.URL, OnwardText: s.t(c, "sso.go_do", "Host", onward.Host),
	}
	return page(c, http.StatusOK, templates.SSO, s.frame(c, view.Heading, "/login/sso/go"), view)
}

// ssoCallback is where the provider sends the browser back to.
func (s *Site) ssoCallback(c echo.Context) error {
	ctx, client := c.Request().Context(), s.client(c)
	said := c.QueryParams()
	for _, values := range said {
		if len(values) > 1 {
			return s.ssoProblem(c, federation.ErrFlow) // which of them would be meant?
		}
	}
	answer := federation.Answer{
		State: said.Get("state"), Code: said.Get("code"), Issuer: said.Get("iss"), Error: said.Get("error"),
		Browser: session.Token(s.cookie(c, cookieSSO)), Client: client,
		Speaks: func(own string) string {
			return locale.Negotiate(own, s.cookie(c, cookieLanguage), c.Request().Header.Get("Accept-Language"))
		},
	}
	old, had := sessionOf(c)
	if had {
		answer.Session = &old
	}
	arrival, err := s.SSO.Return(ctx, answer)
	switch {
	case err != nil:
		return s.ssoProblem(c, err)
	case arrival.Tested:
		s.setCookie(c, cookieSSO, "", -1)
		return s.redirect(c, pathSignIn)
	case arrival.Link != "":
		s.setCookie(c, cookieSSO, string(arrival.Link), flowSeconds)
		return s.redirect(c, "/login/sso/link")
	}
	s.setCookie(c, cookieSSO, "", -1)
	return s.enter(c, arrival.Session)
}

// enter hands the browser its new session, and ends the one it had before.
func (s *Site) enter(c echo.Context, token session.Token) error {
	if err := s.endPrevious(c, s.client(c)); err != nil {
		return err
	}
	s.setSession(c, token)
	return s.redirect(c, "/")
}

// ssoLinkPage asks who the provider's account is here.
func (s *Site) ssoLinkPage(c echo.Context) error {
	return s.showSSOLink(c, http.StatusOK, "", "")
}

func (s *Site) showSSOLink(c echo.Context, status int, username, problem string) error {
	waiting, err := s.SSO.Waiting(c.Request().Context(), session.Token(s.cookie(c, cookieSSO)))
	if err != nil {
		return s.ssoProblem(c, err)
	}
	view := templates.SSOLinkView{OfficeName: waiting.OfficeName, Account: waiting.Label, Username: username, Error: problem}
	return page(c, status, templates.SSOLink, s.frame(c, s.t(c, "sso.link_title"), "/login/sso/link"), view)
}

// ssoLink is a log-in with the password that also makes the link, or lets it wait for the second step.
func (s *Site) ssoLink(c echo.Context) error {
	ctx, client := c.Request().Context(), s.client(c)
	browser := session.Token(s.cookie(c, cookieSSO))
	waiting, err := s.SSO.Waiting(ctx, browser)
	if err != nil {
		return s.ssoProblem(c, err)
	}
	username, password := strings.TrimSpace(c.FormValue("username")), c.FormValue("password")
	if username == "" || password == "" {
		return s.showSSOLink(c, http.StatusUnprocessableEntity, username, s.t(c, "sso.link_missing"))
	}
	user, err := s.Accounts.SignIn(ctx, account.Attempt{
		OfficeCode: waiting.OfficeCode, Username: username, Password: password, Browser: client.Browser, Address: client.Address,
	})
	if err != nil {
		problem, status, err := s.signInProblem(c, err, s.t(c, "login.wrong"))
		if err != nil {
			return err
		}
		return s.showSSOLink(c, status, username, problem)
	}
	language := locale.Negotiate(user.Language, s.cookie(c, cookieLanguage), c.Request().Header.Get("Accept-Language"))
	token, made, err := s.SSO.Link(ctx, browser, user, language, client)
	if errors.Is(err, federation.ErrLinked) {
		return s.showSSOLink(c, http.StatusUnprocessableEntity, username, s.t(c, "sso.link_taken"))
	}
	if err != nil {
		return s.ssoProblem(c, err)
	}
	if made {
		s.setCookie(c, cookieSSO, "", -1)
	}
	return s.enter(c, token)
}

// ssoProblem is the page for a sign-in that did not end in one: what happened, and the ways on. A refusal
// sets no cookie, nor takes one.
func (s *Site) ssoProblem(c echo.Context, err error) error {
	var refused *federation.Refused
	var trouble *federation.Trouble
	status, view := http.StatusBadRequest, templates.SSOView{Problem: true}
	switch {
	case errors.As(err, &refused):
		status = http.StatusForbidden
		view.Heading, view.Text = s.t(c, "sso.refused_title"), s.t(c, "sso.refused", "Product", s.product)
		if refused.Why != "" {
			view.More, view.Retry = s.t(c, "sso_refused."+refused.Why), refused.OfficeCode
		}
	case errors.As(err, &trouble):
		s.logger.WarnContext(c.Request().Context(), "single sign-on", "request", requestOf(c), "error", err)
		status = http.StatusBadGateway
		if trouble.Kind == federation.Denied {
			status = http.StatusForbidden
		}
		view.Heading, view.Text, view.Retry = s.t(c, "sso.trouble_title"), s.t(c, "sso_trouble."+string(trouble.Kind)), trouble.OfficeCode
	case errors.Is(err, federation.ErrFlow):
		view.Heading, view.Text = s.t(c, "sso.flow_title"), s.t(c, "sso.flow_text")
	default:
		return err
	}
	return page(c, status, templates.SSO, s.frame(c, view.Heading, "/login"), view)
}

// mySSO is what the user's own settings say about single sign-on.
func (s *Site) mySSO(c echo.Context) (linked bool, at time.Time, waiting string, err error) {
	mine, err := s.SSO.Mine(c.Request().Context(), session.Token(s.cookie(c, cookieSSO)), must(c))
	return mine.Linked, mine.LinkedAt, mine.Waiting, err
}

// linkMySSO makes the link that waited until the user was in.
func (s *Site) linkMySSO(c echo.Context) error {
	err := s.SSO.LinkMine(c.Request().Context(), session.Token(s.cookie(c, cookieSSO)), must(c), s.client(c))
	switch {
	case errors.Is(err, federation.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", pathMe))
	case errors.Is(err, federation.ErrLinked):
		return s.showMe(c, s.t(c, "sso.link_taken"))
	case err != nil:
		return s.ssoProblem(c, err)
	}
	s.setCookie(c, cookieSSO, "", -1)
	return s.redirect(c, pathMe+"?done=sso_linked")
}

func (s *Site) unlinkMySSO(c echo.Context) error {
	err := s.SSO.Unlink(c.Request().Context(), must(c), s.client(c))
	if errors.Is(err, federation.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", pathMe))
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathMe+"?done=sso_unlinked")
}

// hostOf is the provider's host, to be read.
func hostOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	return u.Host
}
