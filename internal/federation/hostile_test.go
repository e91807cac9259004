package federation

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/session"
)

// B37: whatever a provider gives that is not exactly what was asked for, nobody is in and nobody is linked.
func TestATokenThatIsNotExactlyOursIsRefused(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[name] = value }
	}
	for name, lie := range map[string]struct {
		change func(map[string]any)
		sign   func(*federationtest.Provider, []byte) string
	}{
		"another issuer":              {change: set("iss", "https://evil.example")},
		"the issuer with a slash":     {change: func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }},
		"another audience":            {change: set("aud", "somebody-else")},
		"no audience":                 {change: set("aud", nil)},
		"two audiences, no azp":       {change: set("aud", []string{federationtest.ClientID, "somebody-else"})},
		"another authorised party":    {change: set("azp", "somebody-else")},
		"another nonce":               {change: set("nonce", "another")},
		"no nonce":                    {change: set("nonce", nil)},
		"expired":                     {change: set("exp", time.Now().Add(-time.Minute).Unix())},
		"not yet":                     {change: set("nbf", time.Now().Add(time.Hour).Unix())},
		"no subject":                  {change: set("sub", nil)},
		"a subject with a NUL":        {change: set("sub", "a\x00b")},
		"a subject of 256 characters": {change: set("sub", strings.Repeat("s", 256))},
		"a wrong hash of its token":   {change: set("at_hash", "AAAA")},
		"not signed":                  {sign: federationtest.Unsigned},
		"signed by the public key":    {sign: federationtest.ByPublicKey},
		"signed by the secret":        {sign: federationtest.BySecret},
		"signed by another key":       {sign: federationtest.ByAnother},
		"no token at all":             {sign: func(*federationtest.Provider, []byte) string { return "" }},
		"rubbish":                     {sign: func(*federationtest.Provider, []byte) string { return "a.b.c" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.link()
			f.idp.Change, f.idp.Sign = lie.change, lie.sign
			_, err := f.roundTrip()
			f.trouble(err, BadIDToken)
			f.nothing(1)
			if f.idp.Calls != 1 {
				t.Errorf("the code was offered %d times", f.idp.Calls)
			}
		})
	}
}

func TestAnAnswerServesOnceAndInItsOwnBrowserAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	browser, said := f.leave()
	other, otherSaid := f.leave()
	refused := func(what string, _ Arrival, err error) {
		t.Helper()
		if !errors.Is(err, ErrFlow) {
			t.Errorf("%s: %v", what, err)
		}
	}
	a, err := f.comeBack(other, said)
	refused("another browser's answer", a, err)
	a, err = f.comeBack("", said)
	refused("no browser", a, err)
	a, err = f.comeBack(session.NewToken(), said)
	refused("an unknown browser", a, err)
	without := otherSaid
	without.Del("state")
	a, err = f.comeBack(other, without)
	refused("no state", a, err)
	f.nothing(1)
	if a, err = f.comeBack(browser, said); err != nil || a.Session == "" {
		t.Fatalf("its own browser: %v", err)
	}
	a, err = f.comeBack(browser, said)
	refused("the same answer again", a, err)
	if n := f.begun(); n != 1 {
		t.Errorf("%d sessions", n)
	}
	// A code that the provider has redeemed already, under a state that is still good.
	browser, again := f.leave()
	again.Set("code", said.Get("code"))
	_, err = f.comeBack(browser, again)
	f.trouble(err, NoToken)
	if strings.Contains(err.Error(), said.Get("code")) {
		t.Errorf("the error repeats what the provider wrote: %v", err)
	}
	// Too late.
	browser, late := f.leave()
	f.Exec("update sso_flows set expires_at = now()")
	a, err = f.comeBack(browser, late)
	refused("after ten minutes", a, err)
	if n := f.begun(); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestSixteenAnswersAtOnceMakeOneSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	browser, said := f.leave()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { _, _ = f.comeBack(browser, said) })
	}
	all.Wait()
	if n := f.begun(); n != 1 || f.idp.Calls != 1 {
		t.Errorf("%d sessions, %d calls", n, f.idp.Calls)
	}
}

func TestAnAnswerWithoutItsVerifierIsWorthNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	victim, said := f.leave()
	_ = victim
	// A stolen code, brought back in a flow of the thief's own: the challenge is another.
	thief, own := f.leave()
	own.Set("code", said.Get("code"))
	_, err := f.comeBack(thief, own)
	f.trouble(err, NoToken)
	f.nothing(1)
}

func TestTheAnswerNamesItsProvider(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	for _, iss := range []string{"", "https://evil.example", f.idp.URL + "/"} {
		browser, said := f.leave()
		said.Set("iss", iss)
		_, err := f.comeBack(browser, said)
		f.trouble(err, OtherProvider)
	}
	f.nothing(1)
	if f.idp.Calls != 0 {
		t.Error("the code went to the provider all the same")
	}
}

func TestTheSameSubjectElsewhereIsSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// The same subject at another issuer, and in another office.
	f.identity("ACME/jane", "https://evil.example")
	f.identity("OTHER/jane", f.idp.URL)
	f.idp.Change = func(c map[string]any) { c["email"], c["preferred_username"] = "jane@acme.example", "jane" }
	a, err := f.roundTrip()
	if err != nil || a.Session != "" || a.Link == "" {
		t.Errorf("arrived as %+v, %v", a, err)
	}
	if n := f.begun(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestAProviderThatMisbehavesIsNamedAndCutShort(t *testing.T) {
	t.Parallel()
	serve := func(path string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/elsewhere" {
				t.Error("a redirect was followed")
			}
			if r.URL.Path == path {
				answer(w, r)
			}
			return r.URL.Path == path
		}
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[],"issuer":"`))
		for range 1 << 8 {
			if _, err := w.Write([]byte(strings.Repeat("x", 1<<16))); err != nil {
				return
			}
		}
		t.Error("16 MB were read")
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees that its client has gone only after the body
		<-r.Context().Done()
	}
	away := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	const discovery = "/.well-known/openid-configuration"
	for name, c := range map[string]struct {
		path   string
		answer http.HandlerFunc
		kind   []Kind
	}{
		"no description":          {discovery, http.NotFound, []Kind{NoDescription}},
		"a redirected one":        {discovery, away, []Kind{NoDescription}},
		"a huge one":              {discovery, huge, []Kind{NoDescription}},
		"one that never comes":    {discovery, hang, []Kind{Unreachable}},
		"a token that never":      {"/token", hang, []Kind{Unreachable}},
		"a huge token":            {"/token", huge, []Kind{NoToken}},
		"keys that never come":    {"/jwks", hang, []Kind{Unreachable}},
		"huge keys":               {"/jwks", huge, []Kind{Unreachable}},
		"a redirected token call": {"/token", away, []Kind{NoToken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.link()
			f.sso.client.Timeout = 300 * time.Millisecond
			if strings.Contains(name, "huge") { // its size ends it, not the time
				f.sso.client.Timeout = 2 * time.Second
			}
			browser, said := f.leave()
			f.sso.idps.known = map[string]entry{}
			f.idp.Answer = serve(c.path, c.answer)
			began := time.Now()
			_, err := f.comeBack(browser, said)
			f.trouble(err, c.kind[0])
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			f.nothing(1)
		})
	}
}

func TestADescriptionThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meta func(map[string]any)
		kind Kind
	}{
		"another issuer": {func(m map[string]any) { m["issuer"] = "https://evil.example" }, OtherIssuer},
		"a slash more":   {func(m map[string]any) { m["issuer"] = m["issuer"].(string) + "/" }, OtherIssuer},
		"a script as address": {func(m map[string]any) { m["authorization_endpoint"] = "javascript:alert(1)" },
			BadEndpoints},
		"a token call in clear": {func(m map[string]any) { m["token_endpoint"] = "http://idp.example/token" }, BadEndpoints},
		"no keys":               {func(m map[string]any) { delete(m, "jwks_uri") }, BadEndpoints},
		"no PKCE": {func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} },
			NoMethods},
		"no secret": {func(m map[string]any) {
			m["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"}
		}, NoMethods},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.idp.Meta = c.meta
			_, err := f.sso.Begin(f.ctx, "ACME", "", session.Client{})
			f.trouble(err, c.kind)
			// The superuser's test says the same in the report.
			_, reported, err := f.sso.BeginTest(f.ctx, f.signedIn("ACME/boss"))
			set, _ := f.sso.Settings(f.ctx, f.signedIn("ACME/boss"))
			if err != nil || !reported || set.Test == nil || set.Test.Trouble != string(c.kind) {
				t.Errorf("the report is %+v, %v", set.Test, err)
			}
		})
	}
}

func TestAWrongSecretIsToldInTheReport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.signedIn("ACME/boss")
	set := Settings{Issuer: f.idp.URL, ClientID: federationtest.ClientID, Policy: Refuse}
	if err := f.sso.Save(f.ctx, boss, set, "wrong", session.Client{}); err != nil {
		t.Fatal(err)
	}
	for want, secret := range map[Kind]string{BadClient: "wrong", "": federationtest.Secret} {
		if err := f.sso.Save(f.ctx, boss, set, secret, session.Client{}); err != nil {
			t.Fatal(err)
		}
		browser, _, err := f.sso.BeginTest(f.ctx, boss)
		if err != nil {
			t.Fatal(err)
		}
		onward, _ := f.sso.Onward(f.ctx, browser)
		q := f.idp.LogIn(t, onward.URL)
		a, err := f.sso.Return(f.ctx, Answer{
			State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Browser: browser, Session: &boss,
		})
		got, _ := f.sso.Settings(f.ctx, boss)
		if err != nil || !a.Tested || a.Session != "" || got.Test == nil || got.Test.Trouble != string(want) {
			t.Errorf("%q: arrived as %+v, %v; the report is %+v", secret, a, err, got.Test)
		}
	}
	f.nothing(0)
	// A test's answer is for the superuser who began it.
	browser, _, _ := f.sso.BeginTest(f.ctx, boss)
	onward, _ := f.sso.Onward(f.ctx, browser)
	other := f.signedIn("OTHER/boss")
	q := f.idp.LogIn(t, onward.URL)
	_, err := f.sso.Return(f.ctx, Answer{
		State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Browser: browser, Session: &other,
	})
	if !errors.Is(err, ErrFlow) {
		t.Errorf("another superuser's session: %v", err)
	}
}
