package office

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// SSOPage is Settings > Office > Sign-in: the office's provider.
func (s *Screens) SSOPage(c echo.Context) error {
	settings, err := s.sso.Settings(c.Request().Context(), web.CurrentSession(c))
	if err != nil {
		return err
	}
	return s.showSSO(c, settings, nil)
}

// showSSO shows the form with what is set or typed, and what is wrong with a field.
func (s *Screens) showSSO(c echo.Context, shown federation.Settings, problem *federation.Problem) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	set, err := s.sso.Settings(ctx, sess)
	if err != nil {
		return err
	}
	refusals, err := s.sso.Refusals(ctx, sess)
	if err != nil {
		return err
	}
	view := pages.SSOSettingsView{
		Exists: set.Exists, Issuer: shown.Issuer, ClientID: shown.ClientID, Policy: pages.Policy(shown.Policy),
		ACR:      strings.Join(shown.ACRValues, " "),
		Callback: s.sso.Callback(), TwoFactor: sess.TwoFactorRequired, Fresh: s.sso.Fresh(sess), Host: hostOf(set.Issuer),
	}
	view.Kind, view.Start = kindOf(c, shown.Issuer), s.sso.Start(sess.OfficeCode)
	if view.Kind == pages.ProviderMicrosoft {
		view.Tenant = tenantForm.FindString(shown.Issuer)
	}
	if problem != nil {
		view.Field, view.Error = problem.Field, s.T(c, "sso_problem."+problem.Key)
		if view.Kind == pages.ProviderMicrosoft && problem.Field == "issuer" {
			view.Field, view.Error, view.Tenant = "tenant", s.T(c, "sso_problem.tenant"), c.FormValue("tenant")
		}
	}
	if t := set.Test; t != nil {
		view.Test = &pages.SSOTest{At: t.At, Issuer: set.Issuer, AMR: strings.Join(t.AMR, ", "), ACR: t.ACR,
			AuthTime: t.AuthTime}
		if t.Trouble != "" {
			view.Test.Trouble = s.T(c, "sso_trouble."+t.Trouble)
		}
	}
	for _, r := range refusals {
		view.Refusals = append(view.Refusals, pages.SSORefusal{
			At: r.At, Account: r.Who, Linked: r.Linked, Address: r.Address,
		})
	}
	f, err := s.AppLayout(c, s.T(c, "office.sign_in"), paths.OfficeSSO, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusFor(view.Error), pages.SSOSettings, f, view)
}

func (s *Screens) SaveSSO(c echo.Context) error {
	typed := federation.Settings{
		Issuer: issuerOf(c), ClientID: c.FormValue("client_id"), Policy: federation.Policy(c.FormValue("policy")),
		ACRValues: strings.Fields(c.FormValue("acr")),
	}
	err := s.sso.Save(c.Request().Context(), web.CurrentSession(c), typed, c.FormValue("secret"), s.Client(c))
	var problem *federation.Problem
	if errors.As(err, &problem) {
		return s.showSSO(c, typed, problem)
	}
	return s.afterSSOChange(c, err, "saved")
}

const (
	microsoftHost = "https://login.microsoftonline.com/"
	googleIssuer  = "https://accounts.google.com"
)

// tenantForm is the id of a directory, also within an address that was pasted.
var tenantForm = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// issuerOf returns the issuer that the form means: that of Microsoft is made of the directory's id.
func issuerOf(c echo.Context) string {
	if c.FormValue("provider") != string(pages.ProviderMicrosoft) {
		return c.FormValue("issuer")
	}
	tenant := tenantForm.FindString(c.FormValue("tenant"))
	if tenant == "" {
		return ""
	}
	return microsoftHost + strings.ToLower(tenant) + "/v2.0"
}

// kindOf returns the kind of provider that was asked for, or that is set.
func kindOf(c echo.Context, issuer string) pages.ProviderKind {
	switch asked := pages.ProviderKind(web.Value(c, "provider")); asked {
	case pages.ProviderMicrosoft, pages.ProviderGoogle, pages.ProviderOther:
		return asked
	}
	switch {
	case strings.HasPrefix(issuer, microsoftHost) && strings.HasSuffix(issuer, "/v2.0"):
		return pages.ProviderMicrosoft
	case issuer == googleIssuer:
		return pages.ProviderGoogle
	}
	return pages.ProviderOther
}

// TestSSO begins the round trip of a test, or shows at once why there is none.
func (s *Screens) TestSSO(c echo.Context) error {
	browser, reported, err := s.sso.BeginTest(c.Request().Context(), web.CurrentSession(c))
	if errors.Is(err, federation.ErrNone) || err == nil && reported {
		return s.Redirect(c, paths.OfficeSSO)
	}
	if err != nil {
		return err
	}
	s.SetCookie(c, web.CookieSSO, string(browser), web.SSOFlowSeconds)
	return s.Redirect(c, paths.SSOGo)
}

func (s *Screens) RemoveSSO(c echo.Context) error {
	return s.afterSSOChange(c, s.sso.Remove(c.Request().Context(), web.CurrentSession(c), s.Client(c)), "sso_removed")
}

func (s *Screens) afterSSOChange(c echo.Context, err error, done string) error {
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeSSO, done)
}

// hostOf is the provider's host, to be read.
func hostOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	return u.Host
}
