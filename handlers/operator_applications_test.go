package handlers

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

var (
	shownSecret = regexp.MustCompile(`<code id="secret">([^<]+)</code>`)
	proxyText   = regexp.MustCompile(`(?s)<pre id="proxy-text".*?</pre>`)
	shownClient = regexp.MustCompile(`<code id="client-id">([^<]+)</code>`)
)

// What the command line does to an application, an operator's page does, and the history says the same.
func TestAnOperatorKeepsApplicationsOnPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	form := "kind=forward&name=Ledger&about=Books&url=https://ledger.example&hosts=books.example%0D%0Aold.example:8443" +
		"&all=no&codes=acme,+other&role=user&role=superuser&two_factor=yes&age=15"
	led := where(f.ask(http.MethodPost, paths.OperatorApplicationNew, cookie, form))
	id := f.ID("select id from applications where name = 'Ledger'")
	at := paths.To(paths.OperatorApplication, id)
	if led != at+" (application_registered)" {
		t.Fatalf("led to %s", led)
	}
	ledger, err := f.services.Applications.Get(t.Context(), id)
	got := fmt.Sprintf("%s %v %v %v %v %v", ledger.URL, ledger.Hosts, ledger.Offices, ledger.Roles, ledger.MaxFactorAge,
		ledger.RequireTwoFactor)
	want := "https://ledger.example/ [books.example ledger.example old.example:8443] [ACME OTHER] [user superuser] " +
		"15m0s true"
	if err != nil || got != want {
		t.Errorf("registered is %s, %v", got, err)
	}
	body := f.ask(http.MethodGet, at+"?proxy=caddy&upstream=http://10.0.0.7:81", cookie, "").Body.String()
	if !strings.Contains(body, "reverse_proxy http://10.0.0.7:81") || !strings.Contains(body, "127.0.0.1:8080") {
		t.Error("the page has no configuration of Caddy with these addresses")
	}
	f.ask(http.MethodPost, at+"/change", cookie, strings.Replace(form, "about=Books", "about=Accounts", 1))
	f.ask(http.MethodPost, at+"/disable", cookie, "")
	f.ask(http.MethodPost, at+"/enable", cookie, "")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if rec := f.upload(at+"/picture", cookie, "no picture"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("a bad picture is answered with %d", rec.Code)
	}
	f.upload(at+"/picture", cookie, picture.String())
	if rec := f.ask(http.MethodGet, at+"/picture", cookie, ""); rec.Header().Get("Content-Type") != "image/png" {
		t.Errorf("its picture: %d", rec.Code)
	}
	f.ask(http.MethodPost, at+"/picture/remove", cookie, "")
	if body := f.ask(http.MethodPost, at+"/remove", cookie, "").Body.String(); !strings.Contains(body, "Remove Ledger?") {
		t.Error("nothing is asked before it is removed")
	}
	f.ask(http.MethodPost, at+"/remove", cookie, "sure=yes")
	if rec := f.ask(http.MethodGet, at, cookie, ""); rec.Code != http.StatusNotFound {
		t.Errorf("it is there still: %d", rec.Code)
	}
	said := f.Text(`select string_agg(concat_ws(' ', action, detail, actor, address <> ''), ', ' order by id)
		from audit_events where action like 'application%'`)
	if said != "application_registered Ledger ops t, application_changed Ledger ops t, "+
		"application_disabled Ledger ops t, application_enabled Ledger ops t, application_changed Ledger ops t, "+
		"application_changed Ledger ops t, application_removed Ledger ops t" {
		t.Error(said)
	}
}

// A client's secret is on the page that answers the form, and on no other; the next one is made after a question.
func TestAClientSecretIsShownOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	form := "kind=oidc&name=Payroll&url=https://payroll.example&redirect=https://payroll.example/a" +
		"%0Ahttps://payroll.example/b&all=yes&role=user&auth=secret"
	first := f.ask(http.MethodPost, paths.OperatorApplicationNew, cookie, form).Body.String()
	id := f.ID("select id from applications")
	at := paths.To(paths.OperatorApplication, id)
	if secret := shownSecret.FindStringSubmatch(first); secret == nil || shownClient.FindStringSubmatch(first) == nil ||
		strings.Contains(f.ask(http.MethodGet, at, cookie, "").Body.String(), secret[1]) {
		t.Fatal("the secret is not shown, or twice")
	}
	if asked := f.ask(http.MethodPost, at+"/secret", cookie, "").Body.String(); shownSecret.MatchString(asked) {
		t.Error("nothing is asked before another one is made")
	}
	second := shownSecret.FindStringSubmatch(f.ask(http.MethodPost, at+"/secret", cookie, "sure=yes").Body.String())
	if second == nil || f.Int("select count(*) from oidc_secrets") != 2 || f.Int("select count(*) from audit_events "+
		"where action = 'application_secret_made' and actor = 'ops' and address <> ''") != 1 {
		t.Error("there is no other secret, or it is not in the history")
	}
	f.ask(http.MethodPost, at+"/change", cookie, strings.Replace(form, "%0Ahttps://payroll.example/b", "&es256=yes", 1))
	if is, err := f.services.Issuer.Registered(t.Context(), id); err != nil || len(is.RedirectURIs) != 1 || !is.ES256 ||
		!is.HasSecret {
		t.Errorf("changed to %+v, %v", is, err)
	}
}

// Who came to an application stands on its page, of whatever office, and on no other's.
func TestAnOperatorSeesWhoCameToAnApplication(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	id := f.guard("Ledger", func(a *application.Application) { a.Name = "Ledger: books" })
	other := f.register("Ledger", func(*application.Application, *issuer.Registration) {}).app
	f.Exec(`insert into audit_events (office_id, actor, action, detail) select id, 'user-' || code, 'application_refused',
		'Ledger: books: role' from offices`)
	f.Exec("insert into audit_events (office_id, actor, action, detail) select min(id), 'una', 'application_opened', " +
		"'Ledger: books' from offices")
	body := plain(f.ask(http.MethodGet, paths.To(paths.OperatorApplication, id), cookie, "").Body.String())
	for _, want := range []string{
		"user-ACME ACME not let in Not for this role", "user-OTHER OTHER not let in", "una ACME opened",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if body := plain(f.ask(http.MethodGet, paths.To(paths.OperatorApplication, other), cookie, "").Body.String()); strings.
		Contains(body, "una") {
		t.Error("it stands on another application's page too")
	}
}

// Where a proxy finds the application and Nightlatch is read as every field is.
func TestAProxysPlacesAreReadAsPeopleSeeThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.ask(http.MethodPost, paths.OperatorApplicationNew, cookie,
		"kind=forward&name=Ledger&url=https://ledger.example&all=yes&role=user")
	page := paths.To(paths.OperatorApplication, f.ID("select id from applications"))
	ask := func(upstream, at string) string {
		query := url.Values{"proxy": {"caddy"}, "upstream": {upstream}, "at": {at}}
		return proxyText.FindString(f.ask(http.MethodGet, page+"?"+query.Encode(), cookie, "").Body.String())
	}
	const upstream, at = "http://10.0.0.7:81", "127.0.0.1:9999"
	plain, places := ask(upstream, at), typedtest.Decorated(at)
	if !strings.Contains(plain, "reverse_proxy "+upstream) {
		t.Fatal("the page has no configuration with this address")
	}
	for i, decorated := range typedtest.Decorated(upstream) {
		if ask(decorated, places[i]) != plain {
			t.Errorf("%q or %q is another address", decorated, places[i])
		}
	}
}
