package operator

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/proxyconfig"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// ApplicationsPage lists the applications.
func (s *Screens) ApplicationsPage(c echo.Context) error {
	all, err := s.applications.List(c.Request().Context())
	if err != nil {
		return err
	}
	var view pages.ApplicationsView
	for _, a := range all {
		row := pages.ApplicationRow{
			ID: a.ID, Name: a.Name, About: a.About, Kind: pages.ApplicationKind(a.Kind), AllOffices: a.AllOffices,
			Offices: strings.Join(a.Offices, ", "), Disabled: a.Disabled,
		}
		if u, err := url.Parse(a.URL); err == nil {
			row.Host = u.Host
		}
		view.Rows = append(view.Rows, row)
	}
	return web.Page(c, http.StatusOK, pages.Applications,
		s.layout(c, s.T(c, "apps.title"), paths.OperatorApplications, templates.SectionApplications), view)
}

// lastVisits is how many of those who came to an application its page shows.
const lastVisits = 20

// ApplicationPage shows an application.
func (s *Screens) ApplicationPage(c echo.Context) error {
	return s.showApplication(c, shownApplication{})
}

// shownApplication is what stands on an application's page beside what is registered.
type shownApplication struct {
	secret   string // just made
	problem  string // with its picture
	question *templates.Question
	check    *pages.CheckView // had just now
}

func (s *Screens) showApplication(c echo.Context, shown shownApplication) error {
	ctx := c.Request().Context()
	a, err := s.application(c)
	if err != nil {
		return err
	}
	first, _ := utf8.DecodeRuneInString(a.Name)
	view := pages.ApplicationView{
		ID: a.ID, Name: a.Name, About: a.About, URL: a.URL, Kind: pages.ApplicationKind(a.Kind), HasPicture: a.HasPicture,
		Letter: strings.ToUpper(string(first)), PictureError: shown.problem, Disabled: a.Disabled, Hosts: a.Hosts,
		AllOffices: a.AllOffices, Offices: strings.Join(a.Offices, ", "), TwoFactor: a.RequireTwoFactor,
		Age: s.FactorAge(c, a.MaxFactorAge), Sensitive: a.Sensitive, CreatedAt: a.CreatedAt, Question: shown.question,
	}
	for _, role := range a.Roles {
		view.Roles = append(view.Roles, string(role))
	}
	if a.Kind == application.OIDC {
		view.Client, err = s.clientView(c, a.ID, shown.secret)
	} else {
		view.Proxy, err = s.proxyView(c, a)
		if view.Check = shown.check; view.Check == nil {
			view.Check = checkView(a)
		}
	}
	if err != nil {
		return err
	}
	visits, err := s.installation.Visits(ctx, a.Name, lastVisits)
	if err != nil {
		return err
	}
	for _, v := range visits {
		why := v.Why
		if locale.Has("app_why." + why) {
			why = s.T(c, "app_why."+why)
		}
		view.Visits = append(view.Visits, pages.VisitRow{
			At: v.At, Action: string(v.Action), Who: v.Actor, Office: v.Office, Why: why, Address: v.Address,
		})
	}
	return web.Page(c, web.StatusOf(view), pages.Application,
		s.layout(c, a.Name, paths.To(paths.OperatorApplication, a.ID), templates.SectionApplications), view)
}

// application returns the application that the address names.
func (s *Screens) application(c echo.Context) (application.Application, error) {
	id, err := web.IDParam(c)
	if err != nil {
		return application.Application{}, err
	}
	return s.applications.Get(c.Request().Context(), id)
}

func (s *Screens) clientView(c echo.Context, id int64, secret string) (*pages.ClientView, error) {
	r, err := s.issuer.Registered(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	view := &pages.ClientView{
		Issuer: &pages.Copied{ID: "issuer", Text: s.issuer.Issuer()}, ID: &pages.Copied{ID: "client-id", Text: r.ClientID},
		Auth: authOf(r), Redirects: r.RedirectURIs, PostLogouts: r.PostLogoutURIs, Backchannel: r.BackchannelLogoutURI,
		WithoutPKCE: r.AllowWithoutPKCE, Algorithm: "RS256",
	}
	if r.ES256 {
		view.Algorithm = "ES256"
	}
	if secret != "" {
		view.Secret = &pages.Copied{ID: "secret", Text: secret}
	}
	return view, nil
}

// proxyView is the configuration that is asked for by the address: nginx, and all of it on one machine, without.
func (s *Screens) proxyView(c echo.Context, a application.Application) (*pages.ProxyView, error) {
	const upstream = "http://127.0.0.1:9000"
	view := &pages.ProxyView{Upstream: typed.Line(c.QueryParam("upstream")), At: typed.Line(c.QueryParam("at"))}
	names := map[string]string{"nginx": "nginx", "caddy": "Caddy", "traefik": "Traefik"}
	if view.Proxy = c.QueryParam("proxy"); names[view.Proxy] == "" {
		view.Proxy = proxyconfig.Proxies()[0]
	}
	if view.Upstream == "" {
		view.Upstream = upstream
	}
	if view.At == "" {
		view.At = s.listen
	}
	for _, name := range proxyconfig.Proxies() {
		query := url.Values{"proxy": {name}, "upstream": {view.Upstream}, "at": {view.At}}
		view.Tabs = append(view.Tabs, pages.ProxyTab{
			Name: names[name], URL: "?" + query.Encode() + "#proxy", Current: name == view.Proxy,
		})
	}
	places := proxyconfig.Places{Upstream: view.Upstream, Nightlatch: view.At}
	if !proxyconfig.IsUpstream(view.Upstream) {
		view.UpstreamError = s.T(c, "apps.bad_upstream", "Example", upstream)
	}
	if !proxyconfig.IsNightlatch(view.At) {
		view.AtError = s.T(c, "apps.bad_at", "Example", "127.0.0.1:8080")
	}
	if view.UpstreamError+view.AtError != "" {
		return view, nil
	}
	var text strings.Builder
	err := proxyconfig.Write(&text, view.Proxy, a, places)
	view.Text = text.String()
	return view, err
}
