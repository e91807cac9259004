package door

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/proxyconfig"
)

func TestNginxGuardsApplications(t *testing.T) {
	t.Parallel()
	guards(t, furnish(t, "nginx"))
}

func TestCaddyGuardsApplications(t *testing.T) {
	t.Parallel()
	guards(t, furnish(t, "caddy"))
}

func guards(t *testing.T, h *house) {
	for name, f := range map[string]func(*testing.T, *house){
		"whoever is out is led in": outAndIn, "who may not enter is refused": refused,
		"nobody says who they are": claims, "nothing of a form is half done": forms, "web sockets": webSockets,
		"one application does not open another": otherHosts, "paths that are read in two ways": twoWays,
		"a ticket serves once": tickets, "return addresses": hostile, "what ends on another node": gone,
	} {
		t.Run(name, func(t *testing.T) { f(t, h) })
	}
	t.Run("without Nightlatch", func(t *testing.T) { away(t, h) })
}

// outAndIn goes from an application through the log-in back to the page that was wanted.
func outAndIn(t *testing.T, h *house) {
	b, app := h.browser(t), h.at("payroll")
	before := h.asked.Load()
	open(b, app, "/x/y?a=1&b=%2F..%2F").On("/login")
	p := b.LogIn("ACME", "ann", "wrong")
	if h.asked.Load() != before {
		t.Fatal("the application was asked by somebody who is out")
	}
	p = p.Press("Log in", "office", "ACME", "username", "ann", "password", program.Password)
	onward, ok := p.Find("main a").First().Attr("href")
	if !ok || p.URL.Path != "/door/visit" {
		t.Fatalf("after the log-in the browser is at %s (%d): %s", p.URL, p.Status, p.Text())
	}
	p = open(b, "", onward)
	has(t, p, "application GET /x/y?a=1&b=%2F..%2F", "Host: payroll.localhost:"+h.port, "Remote-User: ACME/ann",
		"Remote-Groups: ACME,user", "X-Nightlatch-Office: ACME", "X-Nightlatch-Role: user", "X-Forwarded-For: 127.0.0.1")
	if p.URL.RequestURI() != "/x/y?a=1&b=%2F..%2F" || p.URL.Host != "payroll.localhost:"+h.port {
		t.Errorf("it ends at %s", p.URL)
	}
	// Out of the application alone.
	if p := open(b, app, "/.nightlatch/sign-out"); p.URL.Path != "/door/left" {
		t.Errorf("signing out ends at %s (%d)", p.URL, p.Status)
	}
	p, err := to(b, app).Try(http.MethodGet, "/data", nil, "Sec-Fetch-Mode", "cors")
	if err != nil || p.Status != http.StatusUnauthorized {
		t.Errorf("after signing out a script is answered %v (%v)", p, err)
	}
}

func refused(t *testing.T, h *house) {
	b := h.signedIn(t, "ann")
	for application, why := range map[string]string{"beta": "office", "bosses": "role"} {
		before := h.asked.Load()
		if p := open(b, h.at(application), "/"); p.Status != http.StatusForbidden || h.asked.Load() != before {
			t.Errorf("in spite of the %s: %s (%d) %s", why, p.URL, p.Status, p.Text())
		}
	}
	// Without a second factor, with a fresh one, with an old one.
	if p := open(b, h.at("vault"), "/"); strings.HasPrefix(p.Body, "application") {
		t.Errorf("without a second factor: %s", p.Body)
	}
	since := func(interval string) {
		h.Exec(`update sessions set level = 2, methods = array['password', 'totp'],
			second_factor_at = now() - $1::interval where user_id = (select id from users where username = 'ann')`, interval)
	}
	since("1 minute")
	has(t, open(b, h.at("vault"), "/"), "X-Nightlatch-Factor: totp", "X-Nightlatch-Factor-Age: 6")
	since("16 minutes")
	program.Eventually(t, 10*time.Second, "an old factor opens nothing", func() bool {
		return !strings.HasPrefix(open(b, h.at("vault"), "/").Body, "application")
	})
	has(t, open(b, h.at("payroll"), "/"), "Remote-User: ACME/ann")
}

// claims: whatever a visitor sends, in whatever spelling, the application has one of each header, the answer's.
func claims(t *testing.T, h *house) {
	b, app := h.signedIn(t, "bob"), h.at("payroll")
	has(t, open(b, app, "/"), "Remote-User: ACME/bob")
	var sent strings.Builder
	for _, name := range door.HeaderNames() {
		for _, spelling := range append(proxyconfig.Spellings(name), name) {
			for _, form := range []string{spelling, strings.ToUpper(spelling), strings.ToLower(spelling)} {
				fmt.Fprintf(&sent, "%s: claimed\r\n", form)
			}
		}
	}
	for _, line := range []string{"Connection: close, Remote-User, X-Nightlatch-Id", "Connection: close"} {
		status, body := h.raw(t, "GET /claims HTTP/1.1\r\nHost: payroll.localhost:"+h.port+"\r\nCookie: "+cookies(b, app)+
			"\r\n"+sent.String()+"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Host: beta.localhost\r\n"+line+"\r\n\r\n")
		if status != http.StatusOK || strings.Contains(body, "claimed") ||
			strings.Count(body, "Remote-User: ACME/bob\n") != 1 {
			t.Errorf("%s: %d %s", line, status, body)
		}
		if strings.Contains(body, "198.51.100.1") && h.proxy == "nginx" {
			t.Errorf("the visitor chose an address: %s", body)
		}
		if strings.Contains(body, "beta.localhost") {
			t.Errorf("the visitor chose the host: %s", body)
		}
	}
}

// forms: what is posted by somebody who is out reaches nobody; by somebody who is in, whole.
func forms(t *testing.T, h *house) {
	b, app := h.browser(t), h.at("payroll")
	post := func() (int, string) {
		p, err := to(b, app).Try(http.MethodPost, "/save", url.Values{"much": {strings.Repeat("x", 300_000)}},
			"Sec-Fetch-Mode", "navigate")
		if err != nil {
			t.Fatal(err)
		}
		return p.Status, p.Body
	}
	before := h.asked.Load()
	if status, body := post(); status != http.StatusUnauthorized || h.asked.Load() != before ||
		!strings.Contains(body, "/save") {
		t.Errorf("out: %d %s", status, body)
	}
	b.LogIn("ACME", "bob", program.Password)
	has(t, open(b, app, "/"), "Remote-User: ACME/bob")
	if status, body := post(); status != http.StatusOK || !strings.Contains(body, "\n3000") {
		t.Errorf("in: %d %s", status, body)
	}
}

func webSockets(t *testing.T, h *house) {
	b, app := h.signedIn(t, "ann"), h.at("payroll")
	has(t, open(b, app, "/"), "Remote-User: ACME/ann")
	upgrade := func(cookie, protocol string) int {
		status, _ := h.raw(t, "GET /live HTTP/1.1\r\nHost: payroll.localhost:"+h.port+"\r\nCookie: "+cookie+
			"\r\nConnection: Upgrade\r\nSec-Fetch-Mode: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUpgrade: "+protocol+"\r\n\r\n")
		return status
	}
	if status := upgrade("", "websocket"); status != http.StatusUnauthorized {
		t.Errorf("out: %d", status)
	}
	if status := upgrade(cookies(b, app), "websocket"); status != http.StatusSwitchingProtocols {
		t.Errorf("in: %d", status)
	}
	if status := upgrade(cookies(b, app), "h2c"); status == http.StatusSwitchingProtocols {
		t.Error("in, another protocol takes over, whose requests nobody is asked about")
	}
}

// otherHosts: who may open one application opens no other with a request that names both.
func otherHosts(t *testing.T, h *house) {
	b, app := h.signedIn(t, "ann"), h.at("payroll")
	has(t, open(b, app, "/"), "Remote-User: ACME/ann")
	in := "\r\nCookie: " + cookies(b, app) + "\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
	ours, beta := "payroll.localhost:"+h.port, "beta.localhost:"+h.port
	for _, head := range []string{
		"GET http://" + beta + "/ HTTP/1.1\r\nHost: " + ours, "GET http://" + beta + "/ HTTP/1.0\r\nHost: " + ours,
		"GET / HTTP/1.1\r\nHost: " + ours + "\r\nHost: " + beta, "GET / HTTP/1.1\r\nHost: " + beta + "\r\nHost: " + ours,
		"GET / HTTP/1.1\r\nHost: " + beta + "\r\nX-Forwarded-Host: " + ours,
		"GET / HTTP/1.1\r\nHost: nobody.localhost:" + h.port,
		"GET / HTTP/1.1\r\nHost: " + beta + "\r\nHost : " + ours,
	} {
		before := h.asked.Load()
		if status, body := h.raw(t, head+in); h.asked.Load() != before {
			t.Errorf("%q reaches an application: %d %s", head, status, body)
		}
	}
}

// twoWays: a path that the application may read otherwise than whoever judges it reaches nothing.
func twoWays(t *testing.T, h *house) {
	b, app := h.signedIn(t, "ann"), h.at("payroll")
	has(t, open(b, app, "/"), "Remote-User: ACME/ann")
	for _, path := range []string{
		"/a%2Fb", "/a%2fb", "/%2e%2e/b", "/a/%2E/b", "/a%5cb", "/a\\b", "/a%00b", "/a%252fb", "/a/../b", "/./a", "/..",
		"/%2e", "/.nightlatch%2fcheck", "/a%0d%0ab", "/a%", "/a%zz", "/.nightlatch/check", "//.nightlatch/check",
	} {
		before := h.asked.Load()
		status, body := h.raw(t, "GET "+path+" HTTP/1.1\r\nHost: payroll.localhost:"+h.port+"\r\nCookie: "+
			cookies(b, app)+"\r\nConnection: close\r\n\r\n")
		if h.asked.Load() != before {
			t.Errorf("%s reaches the application: %d %s", path, status, body)
		}
	}
	has(t, open(b, app, "/a.b/c%20d/%C3%A9?x=%2F..%2F"), "application GET /a.b/c%20d/%C3%A9?x=%2F..%2F")
}
