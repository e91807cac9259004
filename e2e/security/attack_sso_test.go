package security

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
)

// attacksBySSO are by single sign-on, and on it.
func attacksBySSO() map[string]func(*attack) {
	return map[string]func(*attack){
		"thirty sign-ins":                         thirtySignIns,
		"answers that are not this browser's":     foreignAnswers,
		"a provider that fails, and private ones": failingProviders,
		"a link is added, trusted and taken away": linkedByPassword,
	}
}

const callback = "/login/sso/callback?"

// provider is a provider of the office that its superuser set, with this policy; nothing is demanded yet.
func (a *attack) provider(policy string) (*federationtest.Provider, *program.Browser) {
	a.t.Helper()
	idp := federationtest.Start(a.t)
	idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = []string{"mfa"}, time.Now().Unix() }
	a.demand(false)
	boss := a.logIn("boss", "/settings/me")
	a.saves(boss, idp.URL, policy, http.StatusSeeOther)
	return idp, boss
}

func (a *attack) saves(boss *program.Browser, issuer, policy string, want int) {
	a.t.Helper()
	status, to := boss.Bare(http.MethodPost, "/settings/office/sign-in", url.Values{"issuer": {issuer},
		"client_id": {federationtest.ClientID}, "secret": {federationtest.Secret}, "policy": {policy}})
	if status != want {
		a.t.Errorf("saving %s answers %d %s, not %d", issuer, status, to, want)
	}
}

// leave goes to the provider and answers what the browser brings back.
func (a *attack) leave(b *program.Browser, idp *federationtest.Provider) url.Values {
	a.t.Helper()
	b.Get("/login")
	return idp.LogIn(a.t, b.Post("/login/sso", url.Values{"office": {a.office}}).Find("a[data-onward]").AttrOr("href", ""))
}

// linked links a user by the password, where that is enough.
func (a *attack) linked(username string, idp *federationtest.Provider) *program.Browser {
	a.t.Helper()
	b := a.browser()
	b.Get(callback + a.leave(b, idp).Encode()).On("/login/sso/link")
	b.Post("/login/sso/link", url.Values{"username": {username}, "password": {program.Password}}).On("/settings/me")
	return b
}

// Finding 14: twenty sessions live, and none of them is a fresh proof of anything here.
func thirtySignIns(a *attack) {
	idp, _ := a.provider("trust")
	a.person("owner", "user")
	a.linked("owner", idp)
	a.demand(true)
	var all []*program.Browser
	for range 30 {
		b := a.browser()
		b.Get(callback + a.leave(b, idp).Encode()).On("/settings/me")
		all = append(all, b)
	}
	alive := 0
	for _, b := range all {
		if inside(b.Try(http.MethodGet, "/settings/me", nil)) {
			alive++
		}
	}
	if alive != 20 {
		a.t.Errorf("%d sessions live", alive)
	}
	last := all[len(all)-1]
	for _, act := range []string{"app", "number", "sso/unlink", "sso/link", "sessions/end-others"} {
		path := "/settings/me/" + act
		if _, to := last.Bare(http.MethodPost, path, numberForm(a.phone())); !strings.HasPrefix(to, "/settings/confirm") {
			a.t.Errorf("POST %s by the provider's word leads to %s", path, to)
		}
	}
}

// An answer serves the browser that left, once, unchanged, and by GET alone.
func foreignAnswers(a *attack) {
	idp, _ := a.provider("trust")
	a.person("owner", "user")
	a.linked("owner", idp)
	type twist func(b *program.Browser, q url.Values) *program.Browser
	set := func(name string, value func(q url.Values) string) twist {
		return func(b *program.Browser, q url.Values) *program.Browser { q.Set(name, value(q)); return b }
	}
	for what, twist := range map[string]twist{
		"in another browser": func(*program.Browser, url.Values) *program.Browser { return a.browser() },
		"of a flow begun again": func(b *program.Browser, _ url.Values) *program.Browser {
			a.leave(b, idp)
			return b
		},
		"with two states": func(b *program.Browser, q url.Values) *program.Browser {
			q.Add("state", q.Get("state"))
			return b
		},
		"without an issuer": set("iss", func(url.Values) string { return "" }),
		"of another issuer": set("iss", func(url.Values) string { return idp.URL + "/" }),
		"with another's code": set("code", func(url.Values) string {
			return a.leave(a.browser(), idp).Get("code")
		}),
	} {
		b := a.browser()
		q := a.leave(b, idp)
		b = twist(b, q)
		b.Get(callback + q.Encode())
		a.out(b, "an answer "+what)
	}
	b := a.browser()
	q := a.leave(b, idp)
	b.Post(callback+q.Encode(), nil)
	a.out(b, "an answer by POST")
	b.Get(callback + q.Encode()).On("/settings/me")
	b.Post("/logout", nil)
	b.Get(callback + q.Encode())
	a.out(b, "an answer once more")
}

// Finding 14: a provider that fails is left alone, and one inside is refused.
func failingProviders(a *attack) {
	idp, boss := a.provider("trust")
	bad, calls := federationtest.Start(a.t), &atomic.Int64{}
	bad.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
		calls.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
	a.saves(boss, bad.URL, "trust", http.StatusSeeOther)
	for range 10 {
		_, _ = a.browser().Bare(http.MethodPost, "/login/sso", url.Values{"office": {a.office}})
	}
	if calls.Load() != 1 {
		a.t.Errorf("a failing provider was called %d times", calls.Load())
	}
	for _, host := range []string{"10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::ffff:10.0.0.1]", "[fd00::1]",
		"[64:ff9b::10.0.0.1]", "[2002:a00:1::1]"} {
		issuer := "https://" + host
		a.saves(boss, issuer, "trust", http.StatusSeeOther)
		_, _ = boss.Bare(http.MethodPost, "/settings/office/sign-in/test", nil)
		if said := a.Ask("select test_trouble from sso_providers where issuer = $1", issuer); said != "private" {
			a.t.Errorf("%s is %q", issuer, said)
		}
	}
	for _, issuer := range []string{
		"http://169.254.169.254", "file:///etc/passwd", "https://u:p@example.org", "gopher://127.0.0.1",
	} {
		a.saves(boss, issuer, "trust", http.StatusUnprocessableEntity)
	}
	a.saves(boss, idp.URL, "trust", http.StatusSeeOther)
	b := a.browser()
	b.Get(callback + a.leave(b, idp).Encode()).On("/login/sso/link")
}

// A way in by the provider is a factor: told, not added by the password beside one, enrolled over by no password, and
// out with what came in by it.
func linkedByPassword(a *attack) {
	idp, _ := a.provider("trust")
	a.person("owner", "user")
	mailbox := a.address("owner")
	owner := a.linked("owner", idp)
	program.Eventually(a.t, patience, "the link is told", func() bool {
		return strings.Contains(strings.Join(strings.Fields(strings.Join(a.letters(mailbox, 1), " ")), " "), "was linked")
	})
	a.demand(true)
	stranger := a.browser()
	if p := stranger.LogIn(a.office, "owner", program.Password); p.Status != http.StatusUnprocessableEntity {
		a.t.Errorf("the password of a user of the provider leads to %s", p.URL)
	}
	setup, _ := owner.Bare(http.MethodGet, "/login/app/setup", nil)
	if number, _ := owner.Bare(http.MethodPost, "/login/number", numberForm(a.phone())); setup == 200 || number == 303 {
		a.t.Errorf("who was in by the password enrols: %d, %d", setup, number)
	}
	a.has("owner", "")
	in := a.browser()
	in.Get(callback + a.leave(in, idp).Encode()).On("/settings/me")
	a.demand(false)
	mine := a.logIn("owner", "/settings/me")
	mine.Post("/settings/me/sso/unlink", nil).On("/settings/me")
	a.inside(mine, "the owner")
	a.out(in, "who came in by a link that is gone")

	number := a.confirmed("owner")
	beside := a.browser()
	beside.Get(callback + a.leave(beside, idp).Encode()).On("/login/sso/link")
	beside.Post("/login/sso/link", url.Values{"username": {"owner"}, "password": {program.Password}}).On("/settings/me")
	if _, to := beside.Bare(http.MethodPost, "/settings/me/sso/link", nil); !strings.HasPrefix(to, "/settings/confirm") ||
		a.Count("select count(*) from sso_identities where user_id = "+a.of("owner")) != 0 {
		a.t.Errorf("the password alone links beside a number: %s", to)
	}
	beside.Post("/settings/confirm/send", url.Values{"next": {"/settings/me"}}).On("/settings/confirm/code")
	beside.Post("/settings/confirm/code", url.Values{"code": {a.code(number, 1)}, "next": {"/settings/me"}})
	if a.Count("select count(*) from sso_identities where user_id = "+a.of("owner")) != 1 {
		a.t.Error("the owner's own link is not made after the proof")
	}
}
