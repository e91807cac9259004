package operator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// NewApplicationPage is the form of a new application: of the kind that the address names.
func (s *Screens) NewApplicationPage(c echo.Context) error {
	var r registration
	if r.Kind = application.Forward; c.QueryParam("kind") == string(application.OIDC) {
		r.Kind = application.OIDC
	}
	r.AllOffices, r.Roles, r.auth = true, application.Roles(), pages.AuthSecret
	return s.showForm(c, r, "", nil)
}

// RegisterApplication registers an application. The secret of a client is shown with its page, this once.
func (s *Screens) RegisterApplication(c echo.Context) error {
	r, ctx, by := registrationTyped(c), c.Request().Context(), s.by(c)
	var secret string
	var err error
	if r.Kind == application.OIDC {
		r.ID, _, secret, err = s.issuer.Register(ctx, r.Application, r.client, by.Operator, by.Address)
	} else {
		r.ID, err = s.applications.Create(ctx, r.Application, by.Operator, by.Address)
	}
	switch {
	case err != nil:
		r.ID = 0
		return s.showForm(c, r, "", err)
	case secret != "":
		c.SetParamNames("id")
		c.SetParamValues(strconv.FormatInt(r.ID, 10))
		return s.showApplication(c, shownApplication{secret: secret})
	}
	return s.Tell(c, paths.To(paths.OperatorApplication, r.ID), "application_registered")
}

// ChangeApplicationPage is the form of an application that is registered.
func (s *Screens) ChangeApplicationPage(c echo.Context) error {
	a, err := s.application(c)
	if err != nil {
		return err
	}
	r := registration{Application: a, codes: strings.Join(a.Offices, ", ")}
	if a.MaxFactorAge > 0 {
		r.age = strconv.FormatFloat(a.MaxFactorAge.Minutes(), 'f', -1, 64)
	}
	if err := s.registered(c, &r); err != nil {
		return err
	}
	return s.showForm(c, r, a.Name, nil)
}

// registered fills in what the client of an application is registered with, and returns an error.
func (s *Screens) registered(c echo.Context, r *registration) error {
	if r.Kind != application.OIDC {
		return nil
	}
	client, err := s.issuer.Registered(c.Request().Context(), r.ID)
	r.client, r.auth = client.Registration, authOf(client)
	return err
}

func authOf(r issuer.Registered) pages.ClientAuth {
	switch {
	case r.Public:
		return pages.AuthPublic
	case r.HasSecret:
		return pages.AuthSecret
	}
	return pages.AuthKeySet
}

// ChangeApplication changes what is registered.
func (s *Screens) ChangeApplication(c echo.Context) error {
	was, err := s.application(c)
	if err != nil {
		return err
	}
	r, ctx, by := registrationTyped(c), c.Request().Context(), s.by(c)
	r.ID, r.Kind = was.ID, was.Kind
	if was.Kind == application.OIDC {
		r.client.KeySet = nil
		err = s.issuer.Change(ctx, r.Application, r.client, by.Operator, by.Address)
	} else {
		err = s.applications.Change(ctx, r.Application, by.Operator, by.Address)
	}
	if err != nil {
		typed := r.client
		if failed := s.registered(c, &r); failed != nil {
			return failed
		}
		r.client = typed
		return s.showForm(c, r, was.Name, err)
	}
	return s.Tell(c, paths.To(paths.OperatorApplication, was.ID), "saved")
}

// showForm shows the form with what is registered or typed, and what is wrong with it. was is the name that is
// registered.
func (s *Screens) showForm(c echo.Context, r registration, was string, refused error) error {
	wrong, err := s.wrong(c, r, refused)
	if err != nil {
		return err
	}
	view := pages.ApplicationFormView{
		ID: r.ID, Was: was, Kind: pages.ApplicationKind(r.Kind), About: aboutFields(r), AllOffices: r.AllOffices,
		Offices:   pages.TextField{Name: "codes", Value: r.codes, Hint: true, Max: 2000},
		TwoFactor: r.RequireTwoFactor, Age: pages.TextField{Name: "age", Value: r.age, Hint: true, Max: 10},
		Sensitive: r.Sensitive, Auth: r.auth, WithoutPKCE: r.client.AllowWithoutPKCE, ES256: r.client.ES256,
		KeySet: pages.TextField{Name: "key_set", Value: string(r.client.KeySet), Lines: 4, Hint: true, Max: 20_000},
		Roles: templates.RolesField{
			Legend: s.T(c, "apps.roles"), Boxes: web.RoleBoxes(application.Roles(), r.Roles), Error: wrong["roles"],
		},
	}
	if r.Kind == application.OIDC {
		view.Client = clientFields(r)
	}
	for _, field := range slices.Concat(refs(view.About), refs(view.Client),
		[]*pages.TextField{&view.Offices, &view.Age, &view.KeySet}) {
		field.Error = wrong[field.Name]
	}
	path, title := paths.OperatorApplicationNew, s.T(c, "apps.new")
	if r.ID != 0 {
		path, title = paths.To(paths.OperatorApplicationChange, r.ID), s.T(c, "apps.change_title", "Name", was)
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
	}
	return web.Page(c, status, pages.ApplicationForm, s.layout(c, title, path, templates.SectionApplications), view)
}

func refs(fields []pages.TextField) []*pages.TextField {
	all := make([]*pages.TextField, len(fields))
	for i := range fields {
		all[i] = &fields[i]
	}
	return all
}

func aboutFields(r registration) []pages.TextField {
	fields := []pages.TextField{
		{Name: "name", Value: r.Name, Required: true, Max: 60},
		{Name: "about", Value: r.About, Hint: true, Max: 200},
		{Name: "url", Value: r.URL, Hint: true, Required: true, Max: 500},
	}
	if r.Kind == application.OIDC {
		return fields
	}
	return append(fields, pages.TextField{
		Name: "hosts", Value: strings.Join(r.Hosts, "\n"), Lines: 2, Hint: true, Max: 2000,
	})
}

func clientFields(r registration) []pages.TextField {
	return []pages.TextField{
		{
			Name: "redirect", Value: strings.Join(r.client.RedirectURIs, "\n"), Lines: 3, Hint: true, Required: true,
			Max: 10_000,
		},
		{Name: "post_logout", Value: strings.Join(r.client.PostLogoutURIs, "\n"), Lines: 2, Hint: true, Max: 10_000},
		{Name: "backchannel", Value: r.client.BackchannelLogoutURI, Hint: true, Max: 500},
	}
}
