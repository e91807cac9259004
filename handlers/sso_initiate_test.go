package handlers

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(iss|office|login_hint|target)" value="([^"]*)">`)

// A tile at the provider leads to a page with a button, and begins nothing: anybody can make such a link. The button
// goes to the provider, with whom it expects, and afterwards to the page that was meant, if it is ours.
func TestATileAtTheProviderLeadsToAButtonThatBeginsTheFlow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	flows := func() int64 { return f.ID("select count(*) from sso_flows") }
	for _, c := range []struct{ query, back string }{
		{"iss=" + url.QueryEscape(idp.URL), ""},
		{"iss=" + url.QueryEscape(idp.URL+"/"), ""},
		{"office=acme", ""},
		{"office=ACME&target_link_uri=" + url.QueryEscape("http://localhost/settings/users"), "0:/settings/users"},
		{"office=ACME&target_link_uri=" + url.QueryEscape("http://evil.example/settings/users"), ""},
		{"office=ACME&target_link_uri=" + url.QueryEscape("//evil.example/settings/users"), ""},
		{"office=ACME&target_link_uri=" + url.QueryEscape("/settings/users"), ""},
		{"office=ACME&target_link_uri=" + url.QueryEscape("http://localhost/operator"), ""},
	} {
		before := flows()
		page := f.ask("GET", "/login/sso/initiate?login_hint=ann%40acme.example&"+c.query, "", "")
		if page.Code != http.StatusOK || flows() != before ||
			strings.Contains(strings.Join(cookiesOf(page), " "), "sso") {
			t.Errorf("%s answers %d, and begins something", c.query, page.Code)
		}
		form := url.Values{}
		for _, field := range hiddenField.FindAllStringSubmatch(page.Body.String(), -1) {
			form.Set(field[1], html.UnescapeString(field[2]))
		}
		rec := f.ask("POST", "/login/sso", "", form.Encode())
		if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login/sso/go" || flows() != before+1 {
			t.Fatalf("%s: the button answers %d", c.query, rec.Code)
		}
		flow, back := "", ""
		for _, cookie := range rec.Result().Cookies() {
			switch strings.TrimPrefix(cookie.Name, "__Host-") {
			case "nightlatch-sso":
				flow = cookie.Name + "=" + cookie.Value
			case "nightlatch-return":
				back = cookie.Value
			}
		}
		if back != c.back {
			t.Errorf("%s leads back to %q", c.query, back)
		}
		onward := onwardLink.FindStringSubmatch(f.ask("GET", "/login/sso/go", flow, "").Body.String())
		if onward == nil || !strings.Contains(html.UnescapeString(onward[1]), "login_hint=ann%40acme.example") {
			t.Errorf("%s goes on to %q", c.query, onward)
		}
	}
}

// What cannot be begun is said on a page with a way on.
func TestATileOfNoOfficeOrOfSeveralIsToldSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	none := f.ask("GET", "/login/sso/initiate?iss=https%3A%2F%2Fnobody.example%2Fx", "", "")
	if none.Code != http.StatusNotFound || !strings.Contains(none.Body.String(), "nobody.example led you here") ||
		!strings.Contains(none.Body.String(), `href="/login"`) {
		t.Errorf("an issuer of nobody answers %d: %s", none.Code, none.Body)
	}
	if rec := f.ask("POST", "/login/sso", "", "iss=https%3A%2F%2Fnobody.example"); rec.Code != http.StatusNotFound {
		t.Errorf("an issuer of nobody that is posted answers %d", rec.Code)
	}
	if rec := f.ask("GET", "/login/sso/initiate", "", ""); where(rec) != "/login" {
		t.Errorf("a tile that says nothing leads to %s", where(rec))
	}
	f.Exec("insert into sso_providers (office_id, issuer, client_id, secret_ct, policy, acr_values) select $1, issuer, "+
		"client_id, secret_ct, policy, acr_values from sso_providers", f.users["OTHER/user"].OfficeID)
	several := f.ask("GET", "/login/sso/initiate?iss="+url.QueryEscape(idp.URL), "", "").Body.String()
	if !strings.Contains(several, `id="office" name="office"`) || strings.Contains(several, "ACME") ||
		strings.Contains(several, "OTHER") {
		t.Errorf("an issuer of two offices asks %s", several)
	}
	in := f.in("ACME/superuser")
	if rec := f.ask("GET", "/login/sso/initiate?office=ACME&target_link_uri="+
		url.QueryEscape("http://localhost/settings/users"), in, ""); where(rec) != "/settings/users" {
		t.Errorf("whoever is in is led to %s", where(rec))
	}
	// An answer that belongs to no flow has a way on for whoever was here.
	over := f.ask("GET", "/login/sso/callback?code=x&state=x", "nightlatch-login=office=ACME&username=user", "")
	if !strings.Contains(over.Body.String(), `<input type="hidden" name="office" value="ACME">`) {
		t.Error("a sign-in that is over cannot be begun again")
	}
}

// The tiles fill in the issuer: of Microsoft by the directory's id, also out of an address, of Google at once.
func TestTheTilesOfProvidersFillInTheIssuer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	for _, c := range []struct{ typed, issuer, page string }{
		{"provider=microsoft&tenant=" + tenant, "https://login.microsoftonline.com/" + tenant + "/v2.0", "tenant"},
		{"provider=microsoft&tenant=" + url.QueryEscape("https://login.microsoftonline.com/"+strings.ToUpper(tenant)+
			"/oauth2"), "https://login.microsoftonline.com/" + tenant + "/v2.0", "tenant"},
		{"provider=google&issuer=" + url.QueryEscape("https://accounts.google.com"), "https://accounts.google.com", ""},
		{"provider=other&issuer=" + url.QueryEscape("https://idp.example"), "https://idp.example", "issuer"},
		{"issuer=" + url.QueryEscape("https://idp.example/2"), "https://idp.example/2", "issuer"},
	} {
		rec := f.ask("POST", "/settings/office/sign-in", cookie, c.typed+"&client_id=x&secret=y&policy=ask")
		if rec.Code != http.StatusSeeOther || f.Text("select issuer from sso_providers") != c.issuer {
			t.Errorf("%s answers %d: %s", c.typed, rec.Code, f.Text("select coalesce(max(issuer), '') from sso_providers"))
		}
		page := f.ask("GET", "/settings/office/sign-in", cookie, "").Body.String()
		if c.page != "" && !strings.Contains(page, `<input id="`+c.page+`"`) {
			t.Errorf("%s: the page does not ask for %s", c.typed, c.page)
		}
	}
	wrong := f.ask("POST", "/settings/office/sign-in", cookie,
		"provider=microsoft&tenant=contoso&client_id=x&secret=y&policy=ask")
	if wrong.Code != http.StatusUnprocessableEntity || !strings.Contains(wrong.Body.String(), `value="contoso"`) ||
		!strings.Contains(wrong.Body.String(), `href="#tenant"`) {
		t.Errorf("what is no directory's id answers %d", wrong.Code)
	}
	for _, kind := range []string{"microsoft", "google"} {
		page := f.ask("GET", "/settings/office/sign-in?provider="+kind, cookie, "").Body.String()
		if !strings.Contains(page, `<ol class="steps">`) ||
			!strings.Contains(page, "http://localhost/login/sso/initiate?office=ACME") {
			t.Errorf("%s: what to do is not said", kind)
		}
	}
}
