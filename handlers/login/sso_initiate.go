package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// SSOInitiate is where a tile at the provider leads (OpenID Connect Core 1.0, section 4), with iss or the office's
// code. Anybody can make such a link, so that it begins nothing: the visitor does, with the button of a page that says
// where it leads. Whoever is in already goes on to the page that was meant.
func (s *Screens) SSOInitiate(c echo.Context) error {
	said := c.QueryParams()
	issuer, office, target := said.Get("iss"), said.Get("office"), s.OwnPage(said.Get("target_link_uri"))
	if !web.WellFormed(said) {
		return echo.ErrBadRequest
	}
	if sess, ok := web.CurrentSessionOK(c); ok && !sess.Pending() && !sess.User.IsOperator() && target != "" {
		return s.Redirect(c, target)
	} else if ok {
		return s.Start(c)
	}
	if issuer == "" && office == "" {
		return s.Redirect(c, paths.Login)
	}
	s.KnowBrowser(c)
	var err error
	if office == "" {
		_, err = s.sso.OfficeOf(c.Request().Context(), issuer)
	}
	return s.showInitiate(c, issuer, err)
}

// showInitiate shows the page with the button. Where several offices use the provider, it asks for the code.
func (s *Screens) showInitiate(c echo.Context, issuer string, problem error) error {
	status, view := http.StatusOK, pages.SSOInitiateView{
		Heading: s.T(c, "sso.initiate_title"), Text: s.T(c, "sso.initiate_text"),
		Issuer: clip(issuer), Office: clip(web.Value(c, "office")),
		Hint: clip(web.Value(c, "login_hint")), Target: s.OwnPage(web.Value(c, "target_link_uri")),
	}
	if view.Target == "" {
		view.Target = web.SafePath(c.FormValue("target"), "")
	}
	switch {
	case errors.Is(problem, federation.ErrSeveral):
		view.Text, view.AskOffice = s.T(c, "sso.initiate_several"), true
	case errors.Is(problem, federation.ErrNone):
		return web.Page(c, http.StatusNotFound, templates.SSO, s.Layout(c, s.T(c, "sso.initiate_none_title"), paths.Login),
			templates.SSOView{Problem: true, Heading: s.T(c, "sso.initiate_none_title"),
				Text: s.T(c, "sso.initiate_none", "Host", hostOf(issuer))})
	case problem != nil:
		return problem
	case view.Office == "":
		view.Text = s.T(c, "sso.initiate_host", "Host", hostOf(issuer))
	}
	return web.Page(c, status, pages.SSOInitiate, s.Layout(c, view.Heading, paths.Login), view)
}

// clip bounds what stands in an address and goes on from there.
func clip(said string) string {
	if len(said) > 500 {
		return ""
	}
	return said
}

// hostOf is the provider's host, to be read.
func hostOf(issuer string) string {
	if u, err := url.Parse(clip(issuer)); err == nil && u.Host != "" {
		return u.Host
	}
	return clip(issuer)
}
