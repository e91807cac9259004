package door

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// partner is an application that speaks OpenID Connect by a program that nobody here wrote, which passes requests of
// whoever is in to an application that says what it gets.
type partner struct {
	*house
	address, upstream string
	id, secret        string
}

// url returns an address at the partner.
func (p *partner) url(path string) string { return "http://" + p.address + path }

// register makes an installation with one such application, registered with these flags.
func register(t *testing.T, flags ...string) *partner {
	t.Helper()
	p := &partner{house: &house{Installation: program.Install(t)}, address: program.FreeAddress(t)}
	p.Exec("update offices set two_factor_required = false")
	p.User("ann", "user", "")
	application := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(application.Close)
	p.upstream = application.URL
	at := program.FreeAddress(t)
	p.Env = program.With(p.Env, "NIGHTLATCH_ADDR", at, "NIGHTLATCH_URL", "http://localhost:"+port(at))
	for i, flag := range flags {
		flags[i] = strings.ReplaceAll(flag, "HERE", p.url(""))
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	text := program.Succeeds(t, p.Env, "", append([]string{"app", "create", "--json", "--name", "Payroll", "--url",
		p.url(""), "--offices", "all", "--oidc"}, flags...)...)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	p.id, p.secret = made.ID, made.Secret
	p.portal = program.Spawn(t, p.Env)
	return p
}

// in goes from the application through the log-in and back.
func (p *partner) in(t *testing.T) *program.Browser {
	t.Helper()
	b := p.browser(t)
	open(b, p.url(""), "/x/y?a=1").On("/login")
	page := b.LogIn("ACME", "ann", program.Password)
	onward, ok := page.Find("main a").First().Attr("href")
	if !ok || !strings.HasPrefix(page.URL.Path, "/oauth2/continue/") {
		t.Fatalf("after the log-in the browser is at %s (%d): %s", page.URL, page.Status, page.Text())
	}
	if page = open(b, "", onward); page.URL.RequestURI() != "/x/y?a=1" {
		t.Errorf("it ends at %s", page.URL)
	}
	has(t, page, "application GET /x/y?a=1")
	if !strings.Contains(page.Body, "ACME/ann") {
		t.Errorf("nobody says who it is:\n%s", page.Body)
	}
	return b
}

// out reports whether a browser is out of the application, and sent to the log-in.
func (p *partner) out(b *program.Browser) bool { return open(b, p.url(""), "/x").URL.Path == "/login" }

// mod_auth_openidc, in a real Apache: in, out at the application by the log-out that it asks for, and out of it by the
// one that it is told of.
func TestApacheSignsInAndOut(t *testing.T) {
	t.Parallel()
	p := register(t, "--redirect-uri", "HERE/callback", "--post-logout-uri", "HERE/callback/gone?x=y",
		"--backchannel-logout-uri", "HERE/callback?logout=backchannel")
	program.Apache(t, fmt.Sprintf(`
OIDCProviderMetadataURL %s/.well-known/openid-configuration
OIDCClientID %s
OIDCClientSecret %s
OIDCRedirectURI %s
OIDCCryptoPassphrase "a passphrase of this test"
OIDCPKCEMethod S256
OIDCScope "openid profile office"
OIDCRemoteUserClaim preferred_username
<Location />
	AuthType openid-connect
	Require valid-user
</Location>
<Location /callback/gone>
	AuthType None
	Require all granted
</Location>
ProxyPass /callback !
ProxyPass / %s/
`, p.Env["NIGHTLATCH_URL"], p.id, p.secret, p.url("/callback"), p.upstream), p.address)

	b := p.in(t)
	page := open(b, p.url(""), "/callback?logout="+url.QueryEscape(p.url("/callback/gone?x=y")))
	if page.URL.RequestURI() != "/callback/gone?x=y" || page.URL.Host != p.address {
		t.Errorf("the log-out ends at %s (%d): %s", page.URL, page.Status, page.Text())
	}
	if b.Get("/settings/me").On("/login"); !p.out(b) {
		t.Error("after the log-out the application lets in")
	}

	b = p.in(t)
	b.Get("/settings/me").Press("Log out").On("/login")
	program.Eventually(t, program.StartPatience, "Apache has heard of the log-out", func() bool { return p.out(b) })
}

// oauth2-proxy: in, and out by a link to the log-out here, which asks first, since it has no ID token to prove whose it
// is.
func TestOAuth2ProxySignsInAndOut(t *testing.T) {
	t.Parallel()
	p := register(t, "--redirect-uri", "HERE/oauth2/callback", "--post-logout-uri", "HERE/ping")
	portal := p.Env["NIGHTLATCH_URL"]
	program.OAuth2Proxy(t, p.address, "--provider", "oidc", "--oidc-issuer-url", portal, "--client-id", p.id,
		"--client-secret", p.secret, "--redirect-url", p.url("/oauth2/callback"), "--code-challenge-method", "S256",
		"--scope", "openid profile", "--oidc-email-claim", "preferred_username", "--email-domain", "*",
		"--insecure-oidc-skip-nonce=false", "--cookie-secret", strings.Repeat("secret00", 4), "--cookie-secure=false",
		"--skip-provider-button", "--whitelist-domain", strings.TrimPrefix(portal, "http://"), "--upstream", p.upstream)
	b := p.in(t)
	leave := portal + "/oauth2/logout?" + url.Values{"client_id": {p.id}, "post_logout_redirect_uri": {p.url("/ping")},
		"state": {"s"}}.Encode()
	asked := open(b, p.url(""), "/oauth2/sign_out?rd="+url.QueryEscape(leave)).On("/oauth2/leave")
	page := b.Get(asked.URL.RequestURI()).Says("Payroll asks").Press("Log out")
	if onward, _ := page.Find("main a").First().Attr("href"); onward != p.url("/ping?state=s") {
		t.Errorf("the log-out leads to %q", onward)
	}
	if b.Get("/settings/me").On("/login"); !p.out(b) {
		t.Error("after the log-out the application lets in")
	}
}
