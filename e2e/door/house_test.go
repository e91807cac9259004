// Package door has tests of guarded applications: real proxies with the configurations that the program prints, in
// front of an application that says what it gets.
package door

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// house is an installation of two nodes, the first of which is the portal, and a proxy in front of the applications.
type house struct {
	*program.Installation
	proxy         string
	portal, other *program.Node
	port          string // of the proxy
	asked         atomic.Int64
}

// furnish makes an installation whose applications are behind a proxy: payroll for everybody in ACME, beta for another
// office, bosses for superusers, vault for whoever proved a second factor lately.
func furnish(t *testing.T, proxy string) *house {
	t.Helper()
	h := &house{Installation: program.Install(t), proxy: proxy}
	h.Exec("update offices set two_factor_required = false")
	h.User("ann", "user", "")
	h.User("bob", "user", "")
	program.Succeeds(t, h.Env, "", "office", "create", "--code", "BETA", "--name", "Beta")
	application := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(application.Close)
	at, address := program.FreeAddress(t), program.FreeAddress(t)
	_, h.port, _ = net.SplitHostPort(address)
	h.Env = program.With(h.Env, "NIGHTLATCH_ADDR", at, "NIGHTLATCH_URL", "http://localhost:"+port(at),
		"NIGHTLATCH_TRUSTED_PROXIES", "127.0.0.1")
	var config strings.Builder
	for name, demands := range map[string][]string{
		"payroll": {"--offices", "ACME"}, "beta": {"--offices", "BETA"},
		"bosses": {"--offices", "all", "--roles", "superuser"}, "vault": {"--offices", "all", "--max-factor-age", "15m"},
	} {
		program.Succeeds(t, h.Env, "", append([]string{"app", "create", "--name", name, "--url", h.at(name)}, demands...)...)
		config.WriteString(program.Succeeds(t, h.Env, "", "app", "config", name, "--proxy", proxy, "--upstream",
			application.URL))
	}
	h.portal = program.Spawn(t, h.Env)
	h.other = program.Spawn(t, program.With(h.Env, "NIGHTLATCH_ADDR", program.FreeAddress(t)))
	program.Front(t, proxy, config.String(), address)
	return h
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// at returns the origin of an application.
func (h *house) at(application string) string {
	return "http://" + application + ".localhost:" + h.port
}

// serve is the application: it says what reached it, and takes a WebSocket's upgrade.
func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	h.asked.Add(1)
	if r.Header.Get("Upgrade") != "" {
		conn, both, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = both.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " +
			r.Header.Get("Upgrade") + "\r\n\r\nhello " + r.Header.Get("Remote-User") + "\n")
		_ = both.Flush()
		return
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "application %s %s\nHost: %s\n%d bytes\n", r.Method, r.RequestURI, r.Host, len(body))
	for name, values := range r.Header {
		for _, v := range values {
			fmt.Fprintf(w, "%s: %s\n", name, v)
		}
	}
}

// browser returns a browser at the portal.
func (h *house) browser(t testing.TB) *program.Browser {
	t.Helper()
	return program.NewBrowserVia(t, h.Env["NIGHTLATCH_URL"], program.Loopback())
}

// to returns the same browser, at another address.
func to(b *program.Browser, at string) *program.Browser {
	there := *b
	there.At = at
	return &there
}

// signedIn returns a browser of a user.
func (h *house) signedIn(t testing.TB, username string) *program.Browser {
	t.Helper()
	b := h.browser(t)
	b.LogIn("ACME", username, program.Password)
	b.Get("/settings/me").On("/settings/me")
	return b
}

// open asks an application for a page as a person does.
func open(b *program.Browser, at, path string) *program.Page {
	b.T.Helper()
	p, err := to(b, at).Try(http.MethodGet, path, nil, "Sec-Fetch-Mode", "navigate", "Accept", "text/html")
	if err != nil {
		b.T.Fatal(err)
	}
	return p
}

// has fails the test unless the application answered, with these lines.
func has(t testing.TB, p *program.Page, lines ...string) {
	t.Helper()
	for _, line := range append([]string{"application "}, lines...) {
		if !strings.Contains("\n"+p.Body, "\n"+line) {
			t.Errorf("%s (%d) has no line %q:\n%s", p.URL, p.Status, line, p.Body)
		}
	}
}

// raw sends a request as it is to the proxy, and returns the answer's status and body.
func (h *house) raw(t testing.TB, request string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+h.port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

// cookies returns the Cookie header of a browser at an application.
func cookies(b *program.Browser, at string) string {
	var all []string
	for _, c := range b.Client.Jar.Cookies(program.MustURL(b.T, at)) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}
