package door

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// without returns a browser that follows nothing.
func without(b *program.Browser) *http.Client {
	client := *b.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// leads returns where a browser is led from an address.
func leads(b *program.Browser, from string) *url.URL {
	b.T.Helper()
	res, err := without(b).Get(from)
	if err != nil {
		b.T.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		return program.MustURL(b.T, "none:"+http.StatusText(res.StatusCode))
	}
	return to
}

// ticket brings a browser from an application to where its ticket is to be used.
func ticket(b *program.Browser, app string) string {
	b.T.Helper()
	enter := leads(b, leads(b, app+"/.nightlatch/start?to=/").String())
	if enter.Path != "/.nightlatch/enter" || enter.Query().Get("ticket") == "" {
		b.T.Fatalf("the portal leads to %s", enter)
	}
	return enter.String()
}

// tickets: each serves once, within a minute, on its host, in its browser.
func tickets(t *testing.T, h *house) {
	app, vault := h.at("payroll"), h.at("vault")
	fresh := func() *program.Browser { return h.signedIn(t, "bob") }
	in := func(b *program.Browser) bool { return strings.HasPrefix(open(b, app, "/?peek").Body, "application") }

	b := fresh()
	used := ticket(b, app)
	if to := leads(b, used); to.Path != "/" {
		t.Fatalf("a ticket leads to %s", to)
	}
	sessions := h.Count("select count(*) from application_sessions")
	stranger := h.browser(t)
	leads(stranger, app+"/.nightlatch/start?to=/") // it has a state of its own
	for name, again := range map[string]*program.Browser{"again": b, "elsewhere": stranger} {
		leads(again, used)
		if n := h.Count("select count(*) from application_sessions"); n != sessions {
			t.Errorf("a ticket used %s opens %d sessions", name, n-sessions)
		}
	}
	for name, spoil := range map[string]func(string) (*program.Browser, string){
		"in another browser": func(at string) (*program.Browser, string) { return stranger, at },
		"on another host": func(at string) (*program.Browser, string) {
			return b, strings.Replace(at, app, vault, 1)
		},
		"after a minute": func(at string) (*program.Browser, string) {
			h.Exec("update tickets set expires_at = now() - interval '1 second'")
			return b, at
		},
		"without a ticket": func(string) (*program.Browser, string) { return b, app + "/.nightlatch/enter?to=/" },
	} {
		leads(b, vault+"/.nightlatch/start?to=/")
		at := ticket(b, app)
		by, where := spoil(at)
		before := h.Count("select count(*) from application_sessions")
		leads(by, where)
		if n := h.Count("select count(*) from application_sessions"); n != before {
			t.Errorf("a ticket %s opens %d sessions", name, n-before)
		}
		if name != "without a ticket" && name != "after a minute" {
			leads(b, at) // where it belongs, it is used up
			if n := h.Count("select count(*) from application_sessions"); n != before {
				t.Errorf("a ticket that was tried %s is still good", name)
			}
		}
	}
	if !in(b) || strings.HasPrefix(open(stranger, app, "/").Body, "application") {
		t.Error("the wrong browser is in")
	}
}

// hostile: whatever address a visitor is given to come back to, it stays on the host.
func hostile(t *testing.T, h *house) {
	file, err := os.Open("testdata/return.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	b, app := h.signedIn(t, "ann"), h.at("payroll")
	has(t, open(b, app, "/"), "application GET /")
	stays := func(step, to string, at *url.URL) {
		t.Helper()
		again, err := program.MustURL(t, app+"/.nightlatch/x/y").Parse(strings.ReplaceAll(at.String(), `\`, "/"))
		if err != nil || again.Host != program.MustURL(t, app).Host || again.Scheme != "http" {
			t.Errorf("%q leads, by %s, to %s (%v)", to, step, at, err)
		}
	}
	lines, n := bufio.NewScanner(file), 0
	for ; lines.Scan(); n++ {
		to := lines.Text()
		for _, form := range []string{strings.NewReplacer(" ", "%20", "\t", "%09").Replace(to), url.QueryEscape(to)} {
			portal := leads(b, app+"/.nightlatch/start?to="+form)
			if portal.Host != program.MustURL(t, h.Env["NIGHTLATCH_URL"]).Host {
				t.Errorf("%q leads from the start to %s", to, portal)
			}
			// Also straight to the next steps, which trust no step before them.
			with := portal.Query()
			with.Set("to", to)
			portal.RawQuery = with.Encode()
			enter := leads(b, portal.String())
			stays("the portal", to, enter)
			with = enter.Query()
			with.Set("to", to)
			enter.RawQuery = with.Encode()
			stays("the ticket", to, leads(b, enter.String()))
		}
	}
	if n < 40 {
		t.Errorf("the corpus has %d addresses", n)
	}
}

// gone: whoever is out on one node is out on the other.
func gone(t *testing.T, h *house) {
	app := h.at("payroll")
	in := func(b *program.Browser) bool { return strings.HasPrefix(open(b, app, "/?again").Body, "application") }
	out := func(b *program.Browser, why string) {
		t.Helper()
		program.Eventually(t, 10*time.Second, why+" on the other node is heard", func() bool { return !in(b) })
	}
	b := h.signedIn(t, "bob")
	if !in(b) {
		t.Fatal("bob is not in")
	}
	to(b, h.other.URL).Get("/settings/me").Press("Log out")
	out(b, "a log-out")
	b = h.signedIn(t, "bob")
	if !in(b) {
		t.Fatal("bob is not in again")
	}
	h.Exec("update users set disabled_at = now() where username = 'bob'")
	out(b, "disabling")
	h.Exec("update users set disabled_at = null where username = 'bob'")
	b = h.signedIn(t, "bob")
	if !in(b) {
		t.Fatal("bob is not in after all")
	}
	// Nobody hears anything of the database: nothing is believed that was read before.
	cut := func() {
		h.Exec(`select pg_terminate_backend(pid) from pg_stat_activity
			where application_name = 'nightlatch changes' and datname = current_database()`)
	}
	cut()
	h.Exec("update users set disabled_at = now() where username = 'bob'")
	program.Eventually(t, 10*time.Second, "what nobody tells is found", func() bool {
		cut()
		return !in(b)
	})
	h.Exec("update users set disabled_at = null where username = 'bob'")
	b = h.signedIn(t, "bob")
	if !in(b) {
		t.Fatal("bob is not in at last")
	}
	program.Succeeds(t, h.Env, "", "app", "disable", "payroll")
	out(b, "a disabled application")
	program.Succeeds(t, h.Env, "", "app", "enable", "payroll")
}

// away: without Nightlatch nobody is let in, whoever was.
func away(t *testing.T, h *house) {
	b, app := h.signedIn(t, "ann"), h.at("payroll")
	has(t, open(b, app, "/"), "Remote-User: ACME/ann")
	h.portal.End()
	before := h.asked.Load()
	if p := open(b, app, "/"); h.asked.Load() != before || p.Status < 500 {
		t.Errorf("without Nightlatch: %d %s", p.Status, p.Body)
	}
}
