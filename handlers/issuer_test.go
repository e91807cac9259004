package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// relyingParty is an application over coreos/go-oidc, which nobody here wrote.
type relyingParty struct {
	f        *fixture
	app      int64
	provider *oidc.Provider
	config   oauth2.Config
	ctx      context.Context
}

// inside takes requests to the site, without a network.
type inside struct{ f *fixture }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	i.f.site.ServeHTTP(rec, r)
	return rec.Result(), nil
}

const callback = "https://payroll.acme.example/callback"

// register registers an application for everybody, changed by with, and reads the provider's description.
func (f *fixture) register(name string, with func(*application.Application, *issuer.Registration)) *relyingParty {
	f.t.Helper()
	a := application.Application{
		Kind: application.OIDC, Name: name, URL: "https://payroll.acme.example", AllOffices: true,
		Roles: application.Roles(),
	}
	r := issuer.Registration{RedirectURIs: []string{callback}}
	if with != nil {
		with(&a, &r)
	}
	id, clientID, secret, err := f.services.Issuer.Register(f.t.Context(), a, r, audit.CommandLine, "")
	if err != nil {
		f.t.Fatal(err)
	}
	ctx := oidc.ClientContext(f.t.Context(), &http.Client{Transport: inside{f}})
	provider, err := oidc.NewProvider(ctx, "http://localhost")
	if err != nil {
		f.t.Fatal(err)
	}
	return &relyingParty{f, id, provider, oauth2.Config{
		ClientID: clientID, ClientSecret: secret, RedirectURL: r.RedirectURIs[0], Endpoint: provider.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "office", oidc.ScopeOfflineAccess},
	}, ctx}
}

var verifier = strings.Repeat("verifier", 6)

// authorize is the path of an authorization request, with more parameters in pairs: an empty value takes one away.
func (p *relyingParty) authorize(more ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	values := url.Values{
		"client_id": {p.config.ClientID}, "redirect_uri": {p.config.RedirectURL}, "response_type": {"code"},
		"scope": {strings.Join(p.config.Scopes, " ")}, "state": {"the state"}, "nonce": {"the nonce"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}
	for i := 0; i < len(more); i += 2 {
		if values.Set(more[i], more[i+1]); more[i+1] == "" {
			values.Del(more[i])
		}
	}
	return "/oauth2/authorize?" + values.Encode()
}

// said is what the client is told at its address; nil when the browser is not there.
func said(rec *httptest.ResponseRecorder) url.Values {
	to := rec.Header().Get("Location")
	if refresh := rec.Header().Get("Refresh"); to == "" && refresh != "" {
		_, to, _ = strings.Cut(refresh, "url=")
	}
	address, found := strings.CutPrefix(to, callback+"?")
	values, err := url.ParseQuery(address)
	if !found || err != nil {
		return nil
	}
	return values
}

// code is a code for the user of a session.
func (p *relyingParty) code(cookie string, more ...string) string {
	p.f.t.Helper()
	rec := p.f.ask("GET", p.authorize(more...), cookie, "")
	values := said(rec)
	if values.Get("code") == "" || values.Get("state") != "the state" || values.Get("iss") != "http://localhost" {
		p.f.t.Fatalf("%d %s %v", rec.Code, rec.Header().Get("Location"), values)
	}
	return values.Get("code")
}

func (p *relyingParty) exchange(code string) (*oauth2.Token, error) {
	return p.config.Exchange(p.ctx, code, oauth2.VerifierOption(verifier))
}

// tokens are those of a user's session.
func (p *relyingParty) tokens(cookie string) *oauth2.Token {
	p.f.t.Helper()
	token, err := p.exchange(p.code(cookie))
	if err != nil {
		p.f.t.Fatal(err)
	}
	return token
}

// claims are those of an ID token, checked by go-oidc.
func (p *relyingParty) claims(token *oauth2.Token) (all map[string]any) {
	p.f.t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := p.provider.Verifier(&oidc.Config{
		ClientID: p.config.ClientID, SupportedSigningAlgs: []string{"RS256", "ES256"},
	}).Verify(p.ctx, raw)
	if err == nil {
		err = id.VerifyAccessToken(token.AccessToken)
	}
	if err == nil {
		err = id.Claims(&all)
	}
	if err != nil {
		p.f.t.Fatal(err)
	}
	return all
}

// raise makes sessions those of two factors, as old as age.
func (f *fixture) raise(age time.Duration) {
	f.Exec("update sessions set level = 2, methods = '{pwd,otp}', second_factor_at = now() - interval '" +
		age.String() + "'")
}

func TestGoOIDCSignsInWithWhatTheUserProved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set email = 'jane@acme.example'")
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) { r.ES256 = true })
	cookie := f.in("ACME/user")
	token := p.tokens(cookie)
	one := p.claims(token)
	if one["nonce"] != "the nonce" || one["acr"] != "https://refeds.org/profile/sfa" || one["sid"] == nil ||
		one["nl_factor_time"] != nil || one["email"] != nil || len(one["sub"].(string)) != 36 {
		t.Errorf("one factor is told as %v", one)
	}
	info, err := p.provider.UserInfo(p.ctx, oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != one["sub"] || info.Email != "jane@acme.example" {
		t.Fatalf("%+v, %v", info, err)
	}
	var about struct {
		Office struct{ Code string } `json:"office"`
		Role   string                `json:"role"`
		User   string                `json:"preferred_username"`
	}
	if err := info.Claims(&about); err != nil || about.Office.Code != "ACME" || about.Role != "user" ||
		about.User != "ACME/user" {
		t.Errorf("%+v, %v", about, err)
	}
	f.raise(time.Minute)
	two := p.claims(p.tokens(cookie))
	if two["acr"] != "https://refeds.org/profile/mfa" || two["nl_factor_time"] == nil || two["sub"] != one["sub"] ||
		two["sid"] != one["sid"] {
		t.Errorf("two factors are told as %v", two)
	}
	if other := p.claims(p.tokens(f.in("ACME/accountant"))); other["sub"] == one["sub"] || other["sid"] == one["sid"] {
		t.Error("two users are one")
	}
	if n := f.ID("select count(*) from audit_events where action = 'application_opened' and detail = 'Payroll'"); n != 3 {
		t.Errorf("%d openings are in the history", n)
	}
}

func TestARequestSurvivesBothStepsAndTheSwitchBetween(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	p := f.register("Payroll", nil)
	rec := f.ask("GET", p.authorize(), "", "")
	on := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(on, "/oauth2/continue/") {
		t.Fatalf("%d %s", rec.Code, on)
	}
	rec = f.ask("GET", on, "", "")
	if where(rec) != "/login" || !strings.Contains(strings.Join(cookiesOf(rec), " "), url.QueryEscape(on)) &&
		!strings.Contains(strings.Join(cookiesOf(rec), " "), on) {
		t.Fatalf("%s %v", where(rec), cookiesOf(rec))
	}
	cookie := f.in("ACME/user")
	f.Exec("update offices set two_factor_required = true")
	rec = f.ask("GET", on, cookie, "")
	if where(rec) != "/login/second-step" || said(rec) != nil {
		t.Fatalf("a pending log-in is led to %s", where(rec))
	}
	f.raise(0)
	rec = f.ask("GET", on, cookie, "")
	values := said(rec)
	if rec.Code != http.StatusOK || values.Get("code") == "" || values.Get("state") != "the state" {
		t.Fatalf("%d %v", rec.Code, values)
	}
	token, err := p.exchange(values.Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.claims(token); got["nonce"] != "the nonce" || got["acr"] != "https://refeds.org/profile/mfa" {
		t.Errorf("%v", got)
	}
	// It has its answer; going back in the browser brings no second.
	if rec := f.ask("GET", on, cookie, ""); rec.Code != http.StatusBadRequest || said(rec) != nil {
		t.Errorf("a second answer: %d", rec.Code)
	}
	// A form of the application's own page brings no cookie, and leads to an address of ours.
	form := strings.TrimPrefix(p.authorize(), "/oauth2/authorize?")
	rec = f.ask("POST", "/oauth2/authorize", cookie, form, "Origin", "https://payroll.acme.example",
		"Sec-Fetch-Site", "cross-site")
	if to := rec.Header().Get("Location"); !strings.HasPrefix(to, "/oauth2/continue/") ||
		said(f.ask("GET", to, cookie, "")) == nil {
		t.Errorf("a request by POST leads to %s", to)
	}
}

// Whom a policy keeps out learns why, on our page; the application learns nothing.
func TestAnApplicationsPolicyIsJudgedEverywhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", func(a *application.Application, _ *issuer.Registration) {
		a.Roles = []account.Role{account.RoleSuperuser}
	})
	rec := f.ask("GET", p.authorize(), f.in("ACME/user"), "")
	rec = f.ask("GET", rec.Header().Get("Location"), f.in("ACME/user"), "")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "Payroll") {
		t.Errorf("another role: %d", rec.Code)
	}
	if v := said(f.ask("GET", p.authorize("prompt", "none"), f.in("ACME/user"), "")); v.Get("error") != "access_denied" ||
		v.Get("iss") != "http://localhost" {
		t.Errorf("without a page: %v", v)
	}
	cookie := f.in("ACME/superuser")
	for name, change := range map[string]string{
		"role":     "update users set role = 'accountant' where id <> 0 and role = 'superuser' and office_id <> 0",
		"disabled": "update applications set disabled_at = now()",
		"session":  "update sessions set ended_at = now()",
		"switch":   "update offices set two_factor_required = true",
		"age":      "update applications set max_factor_age = interval '1 minute'",
	} {
		f.Exec("update applications set disabled_at = null, max_factor_age = null")
		f.Exec("update offices set two_factor_required = false")
		f.Exec("update sessions set ended_at = null")
		f.Exec("alter table users disable trigger user; update users set role = 'superuser' where username = 'superuser'")
		token := p.tokens(cookie)
		code := p.code(cookie)
		f.Exec(change)
		if _, err := p.exchange(code); err == nil {
			t.Errorf("%s: a code still serves", name)
		}
		if _, err := p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil {
			t.Errorf("%s: a refresh token still serves", name)
		}
		if _, err := p.provider.UserInfo(p.ctx, oauth2.StaticTokenSource(token)); err == nil {
			t.Errorf("%s: an access token still serves", name)
		}
		if active := p.introspect(token.AccessToken)["active"]; active == true {
			t.Errorf("%s: an access token is active", name)
		}
	}
}

func (p *relyingParty) post(path string, values url.Values) (int, map[string]any) {
	p.f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.config.ClientID, p.config.ClientSecret)
	rec := httptest.NewRecorder()
	p.f.site.ServeHTTP(rec, r)
	told := map[string]any{}
	_ = json.Unmarshal(rec.Body.Bytes(), &told)
	return rec.Code, told
}

func (p *relyingParty) introspect(token string) map[string]any {
	_, told := p.post("/oauth2/introspect", url.Values{"token": {token}})
	return told
}

func TestWhatServesOnceServesOnceInARaceToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", nil)
	cookie := f.in("ACME/user")
	race := func(what string, use func() (*oauth2.Token, error)) {
		var all sync.WaitGroup
		got := make([]*oauth2.Token, 8)
		for i := range got {
			all.Go(func() { got[i], _ = use() })
		}
		all.Wait()
		n := 0
		for _, token := range got {
			if token == nil {
				continue
			}
			if n++; p.introspect(token.AccessToken)["active"] == true {
				t.Errorf("%s: what the winner got serves on", what)
			}
		}
		if n > 1 {
			t.Errorf("%s: %d got tokens", what, n)
		}
	}
	code := p.code(cookie)
	race("a code", func() (*oauth2.Token, error) { return p.exchange(code) })
	refresh := p.tokens(cookie).RefreshToken
	race("a refresh token", func() (*oauth2.Token, error) {
		return p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	})
	// In turn: each brings the next, and the first again ends them all.
	first := p.tokens(cookie)
	second, err := p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: first.RefreshToken}).Token()
	if err != nil || second.RefreshToken == first.RefreshToken || p.introspect(second.AccessToken)["active"] != true {
		t.Fatalf("%v, %v", second, err)
	}
	if got := p.claims(second); got["acr"] != "https://refeds.org/profile/sfa" || got["auth_time"] == nil {
		t.Errorf("a refreshed ID token says %v", got)
	}
	if _, err := p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: first.RefreshToken}).Token(); err == nil {
		t.Error("a refresh token serves twice")
	}
	if _, err := p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: second.RefreshToken}).Token(); err == nil ||
		p.introspect(second.AccessToken)["active"] == true {
		t.Error("after a reuse the thief goes on")
	}
	third := p.tokens(cookie)
	if code, _ := p.post("/oauth2/revoke", url.Values{"token": {third.RefreshToken}}); code != http.StatusOK ||
		p.introspect(third.AccessToken)["active"] == true {
		t.Errorf("revoked with %d, it is active", code)
	}
	if n := f.ID("select count(*) from audit_events where action = 'application_refused'"); n < 2 {
		t.Errorf("%d refusals are in the history", n)
	}
}
