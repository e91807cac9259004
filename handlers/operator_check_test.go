package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// The check asks a host that is registered for this application, each time anew, and says what is wrong and how it is
// mended; a form that names another address, of whatever spelling, makes the server ask nobody.
func TestTheCheckAsksTheApplicationsOwnHostsAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	var own, elsewhere atomic.Int64
	served := func(count *atomic.Int64, to string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			count.Add(1)
			if to != "" {
				http.Redirect(w, r, to, http.StatusFound)
			}
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	other := served(&elsewhere, "")
	ours := served(&own, other)
	host, private := strings.TrimPrefix(ours, "http://"), strings.TrimPrefix(other, "http://")
	books := "books.localhost:" + host[strings.LastIndexByte(host, ':')+1:]
	at := paths.To(paths.OperatorApplicationCheck, f.guard("Ledger", func(a *application.Application) {
		a.URL, a.Hosts = ours, []string{books}
	}))
	f.guard("Neighbour", func(a *application.Application) { a.URL = other })
	for _, bad := range []string{
		private, "localhost:" + private[strings.LastIndexByte(private, ':')+1:], "http://" + private, host + "@" + private,
		host + "#" + private, "", "169.254.169.254", host + "\r\nHost: " + private,
	} {
		form := url.Values{"host": {bad}, "url": {other}}.Encode()
		if rec := f.ask(http.MethodPost, at, cookie, form); rec.Code != http.StatusNotFound || own.Load() != 0 {
			t.Errorf("%q is answered %d after %d requests", bad, rec.Code, own.Load())
		}
	}
	for _, asked := range []string{host, books, books} {
		before := own.Load()
		rec := f.ask(http.MethodPost, at, cookie, url.Values{"host": {asked}}.Encode())
		body := plain(rec.Body.String())
		for _, want := range []string{
			"The application is open: a stranger was served without a question", "Guard the whole host: auth_request",
		} {
			if rec.Code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: %d, and the page lacks %q", asked, rec.Code, want)
			}
		}
		if own.Load() == before {
			t.Errorf("%s is not asked", asked)
		}
		if !strings.Contains(rec.Body.String(), "<option selected>"+asked) {
			t.Errorf("the form has forgotten %s", asked)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another address was asked %d times", n)
	}
	client := f.register("Payroll", func(*application.Application, *issuer.Registration) {}).app
	for _, path := range []string{
		paths.To(paths.OperatorApplication, client), paths.To(paths.OperatorApplicationCheck, client),
	} {
		method := http.MethodGet
		if strings.HasSuffix(path, "/check") {
			method = http.MethodPost
		}
		if rec := f.ask(method, path, cookie, ""); strings.Contains(rec.Body.String(), "Check the proxy") {
			t.Error("an application that has no proxy offers to check it")
		}
	}
}
