package handlers

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/session"
)

// What Traefik's forwardAuth is documented to send is answered in a way that it passes on: a GET for every method, the
// visitor's own headers but those of the connection, five of its own, and no body. Its Location must be whole: Traefik
// reads a short one as an address of ours. The doctor's probe among the headers changes no answer.
func TestTraefiksRequestsAreJudged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.guard("Payroll", func(*application.Application) {})
	services := f.services
	services.Proxies = proxy.NewWatch(proxy.Trusted{netip.MustParsePrefix("192.0.2.0/24")}, f.pool, factory.Logger(),
		func(proxy.Finding) {}, time.Now)
	f.site = f.rebuild(services)
	in := f.appCookie("payroll.example")
	for _, c := range []struct {
		name, method, uri, cookie string
		headers                   []string
		status                    int
		location                  string
	}{
		{"a page", "GET", "/x?a=1&b=%2F", "", []string{"Accept", "text/html"}, http.StatusFound,
			"https://payroll.example/.nightlatch/start?to=/x?a=1&b=%2F"},
		{"a script", "GET", "/x", "", []string{"Sec-Fetch-Mode", "cors"}, http.StatusUnauthorized, ""},
		{"a form", "POST", "/x", "", []string{"Accept", "text/html"}, http.StatusUnauthorized, ""},
		{"a WebSocket", "GET", "/live", "", []string{"Sec-Fetch-Mode", "websocket", "Sec-WebSocket-Version", "13"},
			http.StatusUnauthorized, ""},
		{"an encoded slash", "GET", "/a%2Fb", in, nil, http.StatusForbidden, ""},
		{"whoever is in", "GET", "/x", in, []string{"Accept", "text/html"}, http.StatusOK, ""},
		{"their form", "POST", "/x", in, []string{"Accept", "text/html"}, http.StatusOK, ""},
	} {
		for _, probe := range []string{"", "no.such.probe"} {
			rec := f.ask(http.MethodGet, paths.DoorForwardAuth, c.cookie, "", append([]string{
				"X-Forwarded-Method", c.method, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "payroll.example",
				"X-Forwarded-Uri", c.uri, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Port", "443",
				"X-Forwarded-Server", "traefik", "X-Real-Ip", "203.0.113.9", doorcheck.Header, probe,
			}, c.headers...)...)
			if rec.Code != c.status || rec.Header().Get("Location") != c.location {
				t.Errorf("%s is answered %d %q: %.200s", c.name, rec.Code, rec.Header().Get("Location"), rec.Body)
			}
			toldWho(t, c.name, rec)
		}
	}
}

// toldWho fails the test unless an answer has every header that Traefik copies to the application, once, and somebody
// in it exactly when it lets them in.
func toldWho(t *testing.T, name string, rec *httptest.ResponseRecorder) {
	t.Helper()
	for _, header := range door.HeaderNames() {
		if len(rec.Header()[header]) != 1 {
			t.Errorf("%s: %s is there %d times", name, header, len(rec.Header()[header]))
		}
	}
	if who := rec.Header().Get("Remote-User"); (who != "") != (rec.Code == http.StatusOK) {
		t.Errorf("%s: with %d the application is told %q", name, rec.Code, who)
	}
}

// appCookie returns the cookie of a browser that is let into a host.
func (f *fixture) appCookie(host string) string {
	f.t.Helper()
	ctx := f.t.Context()
	sess, err := f.services.Sessions.Load(ctx, session.Token(strings.TrimPrefix(f.in("ACME/user"), "nightlatch=")))
	if err != nil {
		f.t.Fatal(err)
	}
	state := sha256.Sum256([]byte("state"))
	admission, err := f.services.Doors.Admit(ctx, sess, host, state[:], session.Client{})
	if err != nil || admission.Ticket == "" {
		f.t.Fatalf("no ticket: %v (%v)", admission.Refusal, err)
	}
	token, _, err := f.services.Doors.Enter(ctx, admission.Ticket, host, state[:], session.Client{})
	if err != nil {
		f.t.Fatal(err)
	}
	return "__Host-nightlatch-app=" + string(token)
}
