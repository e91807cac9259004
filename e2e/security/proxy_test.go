package security

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// The proxies of docs/operating.md, the real ones with the very blocks that stand there, in front of the program with
// the documented environment.

const site = "https://" + program.ProxyHost

// behind is an installation as docs/operating.md has it, and where its program listens.
func behind(t *testing.T) (h *house, upstream string) {
	t.Helper()
	in := program.Install(t)
	in.Exec("update offices set two_factor_required = false")
	in.User("boss", "superuser", "")
	upstream = program.FreeAddress(t)
	in.Env = program.With(in.Env, "NIGHTLATCH_URL", site, "NIGHTLATCH_ADDR", upstream,
		"NIGHTLATCH_TRUSTED_PROXIES", program.DocumentedEnv(t, "NIGHTLATCH_TRUSTED_PROXIES"))
	n := program.Spawn(t, in.Env)
	return &house{in, n, n}, upstream
}

// forged are headers by which a visitor claims to be somebody else, each time somebody new.
func forged(i int) []string {
	ip := fmt.Sprintf("198.51.100.%d", i)
	return []string{
		"X-Forwarded-For", ip, "X-Real-IP", ip, "Forwarded", "for=" + ip, "True-Client-IP", ip, "CF-Connecting-IP", ip,
		"X-Client-IP", ip, "X_Forwarded_For", ip,
	}
}

func TestBehindTheDocumentedNginxEveryVisitorHasTheirOwnAddress(t *testing.T) {
	t.Parallel()
	h, upstream := behind(t)
	p := program.Nginx(t, program.Documented(t, "server {"), upstream)
	h.tellsWhoComes(p, "203.0.113.9")
	h.takesAMegabyte(p, "203.0.113.10")
	staysAtHome(t, p)
	// A walk through a list of names is stopped, whatever the headers of each request claim.
	h.braked(p, func(i int) *program.Visitor { return p.Visitor("203.0.113.50", forged(i)...) })
	if !h.tries(p, p.Visitor("203.0.113.51"), "somebody") {
		t.Error("another visitor is stopped with them")
	}
	// Of IPv6 one machine has 64 bits to itself.
	h.braked(p, func(i int) *program.Visitor { return p.Visitor(fmt.Sprintf("2001:db8:7:7::%x", i+1), forged(i)...) })
	if !h.tries(p, p.Visitor("2001:db8:7:8::1"), "somebody") {
		t.Error("the next network of IPv6 is stopped with them")
	}
	h.hasNoForged()
}

func TestBehindTheDocumentedCaddyEveryVisitorHasTheirOwnAddress(t *testing.T) {
	t.Parallel()
	h, upstream := behind(t)
	p := program.Caddy(t, program.Documented(t, program.ProxyHost+" {"), upstream)
	h.tellsWhoComes(p, "127.0.0.9")
	h.takesAMegabyte(p, "127.0.0.10")
	staysAtHome(t, p)
	h.hasNoForged()
}

// tellsWhoComes: the history and the session have the visitor's address, and nothing that the visitor claims.
func (h *house) tellsWhoComes(p *program.Proxy, address string) {
	h.T.Helper()
	b := program.NewBrowserVia(h.T, site, p.Visitor(address, forged(7)...))
	b.LogIn("ACME", "boss", program.Password).On("/settings/me")
	if got := h.Ask("select string_agg(distinct address, ' ') from audit_events where action = 'signed_in'"); got !=
		address {
		h.T.Errorf("behind %s the history has %q for a visitor at %s", p.Name, got, address)
	}
	if got := h.Ask("select string_agg(distinct address, ' ') from sessions"); got != address {
		h.T.Errorf("behind %s the session has %q for a visitor at %s", p.Name, got, address)
	}
}

// hasNoForged: nothing that was claimed stands anywhere in the history.
func (h *house) hasNoForged() {
	h.T.Helper()
	if n := h.Ask("select count(*) from audit_events where address like '198.51.%'"); n != "0" {
		h.T.Errorf("%s events have an address that was claimed", n)
	}
}

// tries reports whether a wrong password was looked at: refused as wrong, and not with a wait.
func (h *house) tries(p *program.Proxy, from *program.Visitor, username string) bool {
	h.T.Helper()
	page, err := program.NewBrowserVia(h.T, site, from).Try(http.MethodPost, "/login", url.Values{
		"office": {"ACME"}, "username": {username}, "password": {"wrong"},
	})
	if err != nil {
		h.T.Fatal(err)
	}
	if page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusTooManyRequests {
		h.T.Fatalf("a wrong password behind %s answers %d", p.Name, page.Status)
	}
	return page.Status == http.StatusUnprocessableEntity
}

// braked: whoever fails with many names is stopped after some twenty.
func (h *house) braked(p *program.Proxy, visitor func(i int) *program.Visitor) {
	h.T.Helper()
	for i := range 30 {
		if !h.tries(p, visitor(i), fmt.Sprint("name", i)) {
			if i < 10 {
				h.T.Errorf("behind %s the try %d is stopped already", p.Name, i)
			}
			return
		}
	}
	h.T.Errorf("behind %s thirty names in a row were tried, and none was stopped", p.Name)
}

// takesAMegabyte: the largest file that the program takes comes through.
func (h *house) takesAMegabyte(p *program.Proxy, address string) {
	h.T.Helper()
	b := program.NewBrowserVia(h.T, site, p.Visitor(address))
	b.LogIn("ACME", "boss", program.Password).On("/settings/me")
	file := "username,name,email,role\nzoe,Zoe,zoe@acme.example,user\n"
	file += strings.Repeat(",\n", (1<<20-len(file))/2)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "users.csv")
	if err != nil {
		h.T.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = form.Close()
	r, err := http.NewRequest(http.MethodPost, site+"/settings/users/import", &body)
	if err != nil {
		h.T.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.Client.Do(r)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(page), "zoe") {
		h.T.Errorf("behind %s an import of %d bytes answers %d (%v): %.3000s", p.Name, len(file), res.StatusCode, err, page)
	}
}

// staysAtHome: whatever host a visitor names over plain HTTP, no redirect leads there.
func staysAtHome(t *testing.T, p *program.Proxy) {
	t.Helper()
	for _, request := range []string{
		"GET /login HTTP/1.1\r\nHost: " + program.ProxyHost,
		"GET /login HTTP/1.1\r\nHost: evil.example",
		"GET http://evil.example/login HTTP/1.1\r\nHost: " + program.ProxyHost,
		"GET http://evil.example HTTP/1.1\r\nHost: evil.example",
		"GET //evil.example/ HTTP/1.1\r\nHost: evil.example",
		"GET /login HTTP/1.1\r\nHost: " + program.ProxyHost + "\r\nX-Forwarded-Host: evil.example",
		"GET /login HTTP/1.0",
	} {
		location, answered := plain(t, p.HTTP, request)
		at, err := url.Parse(location)
		if err != nil || !answered || location != "" && at.Hostname() != program.ProxyHost {
			t.Errorf("behind %s %q leads to %q (%v)", p.Name, request, location, err)
		}
		if strings.HasSuffix(request, "Host: "+program.ProxyHost) && strings.HasPrefix(request, "GET /") &&
			(at.Scheme != "https" || at.Path != "/login") {
			t.Errorf("behind %s %q leads to %q and not to the log-in", p.Name, request, location)
		}
	}
}

// plain sends the head of a request as it is, and returns where the answer leads.
func plain(t *testing.T, address, head string) (location string, answered bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, head+"\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	for line := range strings.SplitSeq(string(answer), "\r\n") {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Location") {
			location = strings.TrimSpace(value)
		}
	}
	return location, strings.HasPrefix(string(answer), "HTTP/1.")
}
