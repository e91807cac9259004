package operator

import (
	"errors"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// registration is what the form of an application says.
type registration struct {
	application.Application
	client issuer.Registration
	auth   pages.ClientAuth
	codes  string // the offices, as typed
	age    string // minutes, as typed
}

// registrationTyped reads the form.
func registrationTyped(c echo.Context) registration {
	yes := func(name string) bool { return c.FormValue(name) == "yes" }
	list := func(name string) []string { return strings.Fields(c.FormValue(name)) } // typed.Line made blanks of lines
	r := registration{auth: pages.ClientAuth(c.FormValue("auth")), codes: c.FormValue("codes"), age: c.FormValue("age")}
	r.Application = application.Application{
		Kind: application.Forward, Name: c.FormValue("name"), About: c.FormValue("about"), URL: c.FormValue("url"),
		Hosts: list("hosts"), AllOffices: yes("all"), RequireTwoFactor: yes("two_factor"), Sensitive: yes("sensitive"),
	}
	if c.FormValue("kind") == string(application.OIDC) {
		r.Kind = application.OIDC
	}
	if !r.AllOffices {
		r.Offices = strings.FieldsFunc(r.codes, func(mark rune) bool { return strings.ContainsRune(" ,;", mark) })
	}
	r.Roles, r.MaxFactorAge = web.Roles(c), web.Minutes(r.age)
	r.client = issuer.Registration{
		RedirectURIs: list("redirect"), PostLogoutURIs: list("post_logout"),
		BackchannelLogoutURI: c.FormValue("backchannel"), Public: r.auth == pages.AuthPublic,
		AllowWithoutPKCE: yes("without_pkce") && r.auth != pages.AuthPublic, ES256: yes("es256"),
	}
	if r.auth == pages.AuthKeySet {
		r.client.KeySet = []byte(c.FormValue("key_set"))
	}
	return r
}

// wrong returns what is wrong with a form, by field, and every other error.
func (s *Screens) wrong(c echo.Context, r registration, refused error) (map[string]string, error) {
	if refused == nil {
		return nil, nil
	}
	wrong := map[string]string{}
	add := func(field, sentence string) {
		if !strings.Contains(wrong[field], sentence) {
			wrong[field] = strings.TrimSpace(wrong[field] + " " + sentence)
		}
	}
	if errors.Is(refused, application.ErrTaken) {
		add("name", s.T(c, "applications.taken"))
	}
	var problems application.Problems
	errors.As(refused, &problems)
	for _, p := range problems {
		key := "applications." + string(p.Wrong)
		if p.Wrong == application.NoOffice && p.Value == "" {
			key = "applications.none_named"
		}
		add(fieldOf(p, r.URL), s.T(c, key, "Value", p.Value))
	}
	var addresses issuer.Problems
	errors.As(refused, &addresses)
	for _, p := range addresses {
		key := "applications.bad_uri"
		switch {
		case p.Field == issuer.FieldKeySet:
			key = "applications.bad_key_set"
		case p.Value == "":
			key = "applications.uri_count"
		}
		add(string(p.Field), s.T(c, key, "Value", p.Value))
	}
	if len(wrong) == 0 {
		return nil, refused
	}
	return wrong, nil
}

// fieldOf returns the field that a problem is about. The host of the address is one of the hosts.
func fieldOf(p application.Problem, address string) string {
	switch p.Wrong {
	case application.BadName:
		return "name"
	case application.BadAbout:
		return "about"
	case application.NoRole:
		return "roles"
	case application.NoOffice:
		return "codes"
	case application.BadAge:
		return "age"
	case application.BadHost, application.HostTaken, application.OurHost:
		if u, ok := application.Address(address); !ok || u.Host != p.Value {
			return "hosts"
		}
	}
	return "url"
}
