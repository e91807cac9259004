package handlers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

func TestASignedRequestOfAClientServesOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) { r.KeySet = set })
	cookie := f.in("ACME/user")
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(key *ecdsa.PrivateKey, change func(*jwt.Claims)) string {
		now := time.Now()
		claims := jwt.Claims{Issuer: p.config.ClientID, Subject: p.config.ClientID, ID: rand.Text(),
			Audience: jwt.Audience{"http://localhost"}, Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
			IssuedAt: jwt.NewNumericDate(now)}
		if change != nil {
			change(&claims)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	trade := func(assertion string) int {
		values := url.Values{"grant_type": {"authorization_code"}, "code": {p.code(cookie)}, "redirect_uri": {callback},
			"code_verifier": {verifier}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
		return f.ask(http.MethodPost, "/oauth2/token", "", values.Encode()).Code
	}
	good := sign(key, nil)
	if status := trade(good); status != http.StatusOK {
		t.Fatalf("a signed request: %d", status)
	}
	for name, assertion := range map[string]string{
		"the same again": good, "nothing": "", "another key": sign(other, nil),
		"no id":            sign(key, func(c *jwt.Claims) { c.ID = "" }),
		"another audience": sign(key, func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://other.example"} }),
		"another subject":  sign(key, func(c *jwt.Claims) { c.Subject = "x" }),
		"another client":   sign(key, func(c *jwt.Claims) { c.Issuer, c.Subject = "nl-x", "nl-x" }),
		"too old":          sign(key, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Minute)) }),
		"unsigned":         "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + ".",
	} {
		if status := trade(assertion); status < 400 || status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := p.post("/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {p.code(cookie)},
		"redirect_uri": {callback}, "code_verifier": {verifier}}); status == http.StatusOK {
		t.Error("a client that signs is let in without")
	}
}

func TestTwoSecretsServeAndTheOneBeforeThemDoesNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", nil)
	cookie := f.in("ACME/user")
	secrets := []string{p.config.ClientSecret}
	for range 2 {
		id, secret, err := f.services.Issuer.NewSecret(t.Context(), application.Application{ID: p.app, Name: "Payroll"},
			audit.CommandLine, "")
		if err != nil || id != p.config.ClientID {
			t.Fatal(id, err)
		}
		secrets = append(secrets, secret)
	}
	for i, secret := range secrets {
		p.config.ClientSecret = secret
		if _, err := p.exchange(p.code(cookie)); (err == nil) != (i > 0) {
			t.Errorf("secret %d: %v", i, err)
		}
	}
	if n := f.ID("select count(*) from oidc_secrets"); n != 2 {
		t.Errorf("%d secrets are kept", n)
	}
}

func TestASecretServesInTheFormToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", nil)
	token := p.tokens(f.in("ACME/user")).AccessToken
	for secret, want := range map[string]int{p.config.ClientSecret: http.StatusOK, "x": 401, "": 401} {
		rec := f.ask("POST", "/oauth2/introspect", "", url.Values{
			"client_id": {p.config.ClientID}, "client_secret": {secret}, "token": {token},
		}.Encode())
		if rec.Code != want || strings.Contains(rec.Body.String(), `"active":true`) != (want == http.StatusOK) {
			t.Errorf("%q: %d %s", secret, rec.Code, rec.Body)
		}
	}
}

// What the description offers is there: nothing that we refuse, and no address that nobody answers.
func TestTheDescriptionOffersWhatThereIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var told map[string]any
	if err := json.Unmarshal(f.ask("GET", "/.well-known/openid-configuration", "", "").Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	for name, value := range told {
		address, _ := value.(string)
		path, ours := strings.CutPrefix(address, "http://localhost")
		if !ours || name == "issuer" {
			continue
		}
		method := http.MethodGet
		if !strings.HasSuffix(name, "_uri") && name != "authorization_endpoint" {
			method = http.MethodPost
		}
		if rec := f.ask(method, path, "", "x=y"); rec.Code == http.StatusNotFound || rec.Code >= 405 {
			t.Errorf("%s is %s, which answers %d", name, address, rec.Code)
		}
	}
	raw, _ := json.Marshal(told)
	for _, refused := range []string{"implicit", `"id_token"`, "plain", "form_post", "fragment", "device",
		"client_credentials"} {
		if strings.Contains(string(raw), refused) {
			t.Errorf("%s is offered", refused)
		}
	}
	if told["authorization_response_iss_parameter_supported"] != true || told["issuer"] != "http://localhost" {
		t.Errorf("%v", told)
	}
}

// A proof that is too weak or too old is asked for alone: its user is not sent through the log-in again.
func TestAStrongerProofIsTheSecondStepAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	p := f.register("Payroll", nil)
	cookie := f.in("ACME/user")
	f.Exec("update sessions set created_at = now() - interval '5 minutes', password_at = now() - interval '5 minutes'")
	for _, more := range [][]string{
		{"acr_values", "https://refeds.org/profile/mfa"}, {"max_age", "60"}, {"prompt", "login"},
	} {
		on := f.ask("GET", p.authorize(more...), cookie, "").Header().Get("Location")
		rec := f.ask("GET", on, cookie, "")
		if to := where(rec); !strings.HasPrefix(to, "/settings/confirm?next=/oauth2/continue/") {
			t.Errorf("%v leads to %d %s", more, rec.Code, to)
		}
		f.raise(0)
		values := said(f.ask("GET", on, cookie, ""))
		token, err := p.exchange(values.Get("code"))
		if err != nil {
			t.Fatalf("%v: %v %v", more, values, err)
		}
		if got := p.claims(token); got["acr"] != "https://refeds.org/profile/mfa" {
			t.Errorf("%v is answered with %v", more, got)
		}
		f.Exec("update sessions set level = 1, methods = '{pwd}', second_factor_at = null")
	}
	// select_account asks; going on as oneself answers, and somebody else logs in and comes back.
	on := f.ask("GET", p.authorize("prompt", "select_account"), cookie, "").Header().Get("Location")
	if rec := f.ask("GET", on, cookie, ""); rec.Code != http.StatusOK || said(rec) != nil {
		t.Errorf("select_account: %d", rec.Code)
	}
	if rec := f.ask("POST", on, cookie, "who=me"); said(rec).Get("code") == "" {
		t.Errorf("going on: %d %s", rec.Code, rec.Header().Get("Refresh"))
	}
	on = f.ask("GET", p.authorize("prompt", "select_account"), cookie, "").Header().Get("Location")
	rec := f.ask("POST", on, cookie, "who=other")
	if where(rec) != "/login" || f.ID("select count(*) from sessions where ended_at is null") != 0 {
		t.Errorf("somebody else: %d %s", rec.Code, where(rec))
	}
	if values := said(f.ask("GET", on, f.in("ACME/accountant"), "")); values.Get("code") == "" {
		t.Errorf("they are told %v", values)
	}
}
