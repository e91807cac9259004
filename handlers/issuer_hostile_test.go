package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// What an address must not do: be told a code, or anything at all, without being registered to the letter.
func TestNothingIsToldToAnAddressThatNobodyRegistered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) {
		r.RedirectURIs = []string{callback, "http://127.0.0.1:1/cb", "http://localhost:2/cb", "https://x.example/a?b=c"}
	})
	cookie := f.in("ACME/user")
	for _, address := range []string{
		"", "https://evil.example", callback + "/", callback + "x", callback + "?x=1", callback + "#x", callback + "/../x",
		"http://payroll.acme.example/callback", "https://PAYROLL.acme.example/callback",
		"https://payroll.acme.example:443/callback", "https://payroll.acme.example@evil.example/callback",
		"https://user@payroll.acme.example/callback", "https://payroll.acme.example%2f@evil.example/callback",
		"https://payroll.acme.example\\@evil.example/callback", "https://payroll.acme.example/callback%00",
		"https://payroll.acme.example/%63allback", "//payroll.acme.example/callback", "javascript:alert(1)",
		"https://payroll.acme.example.evil.example/callback", " " + callback, callback + "\n", "data:text/html,x",
		"http://127.0.0.1:9/cb/", "http://127.0.0.2:9/cb", "http://[::1]:9/cb", "http://user@127.0.0.1:9/cb",
		"https://127.0.0.1:9/cb", "http://127.0.0.1.evil.example:9/cb", "http://localhost:9/cb", "http://127.1:9/cb",
		"https://x.example/a", "https://x.example/a?b=d", "https://x.example/a?b=c&d=e",
	} {
		for _, more := range [][]string{nil, {"response_type", "x"}, {"prompt", "none"}, {"scope", ""}} {
			rec := f.ask("GET", p.authorize(append(more, "redirect_uri", address)...), cookie, "")
			if rec.Code != http.StatusBadRequest || rec.Header().Get("Location")+rec.Header().Get("Refresh") != "" {
				t.Errorf("%q with %v: %d %s", address, more, rec.Code, rec.Header().Get("Location"))
			}
		}
	}
	for _, address := range []string{"http://127.0.0.1:1/cb", "http://127.0.0.1:50123/cb", "http://127.0.0.1/cb",
		"http://localhost:2/cb", "https://x.example/a?b=c"} {
		rec := f.ask("GET", p.authorize("redirect_uri", address), cookie, "")
		if to := rec.Header().Get("Location"); !strings.HasPrefix(to, address) || !strings.Contains(to, "code=") {
			t.Errorf("%s is registered, and led to %q", address, to)
		}
	}
	for _, id := range []string{"", "nl-none", p.config.ClientID + "x",
		p.config.ClientID + "&client_id=" + p.config.ClientID} {
		rec := f.ask("GET", strings.Replace(p.authorize(), p.config.ClientID, id, 1), cookie, "")
		if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("the client %q: %d", id, rec.Code)
		}
	}
}

// What a client asks wrongly it is told, with our name in the answer, and no code.
func TestWhatAClientAsksWronglyItIsTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", nil)
	cookie := f.in("ACME/user")
	for want, all := range map[string][][]string{
		"invalid_request": {{"code_challenge", ""}, {"code_challenge_method", "plain"}, {"code_challenge_method", ""},
			{"code_challenge", "short"}, {"prompt", "none login"}, {"prompt", "register"}, {"response_mode", "fragment"},
			{"response_mode", "form_post"}, {"max_age", "-1"}, {"max_age", "soon"}, {"state", strings.Repeat("x", 9000)}},
		"unsupported_response_type": {{"response_type", "token"}, {"response_type", "code id_token"}, {"response_type", ""},
			{"response_type", "none"}},
		"request_not_supported":     {{"request", "eyJhbGciOiJub25lIn0.e30."}},
		"request_uri_not_supported": {{"request_uri", "https://payroll.acme.example/request"}},
		"invalid_scope":             {{"scope", "profile"}, {"scope", ""}},
		"login_required":            {{"id_token_hint", "eyJhbGciOiJub25lIn0.e30."}, {"prompt", "none", "max_age", "0"}},
	} {
		for _, more := range all {
			got := said(f.ask("GET", p.authorize(more...), cookie, ""))
			if got.Get("error") != want || got.Has("code") || got.Get("iss") != "http://localhost" ||
				got.Get("state") != "the state" && more[0] != "state" {
				t.Errorf("%v is told %v", more, got)
			}
		}
	}
	if got := said(f.ask("GET", p.authorize()+"&state=another", cookie, "")); got.Get("error") != "invalid_request" {
		t.Errorf("two states: %v", got)
	}
	if got := said(f.ask("GET", p.authorize("prompt", "none"), "", "")); got.Get("error") != "login_required" {
		t.Errorf("nobody is there, and no page may be shown: %v", got)
	}
}

func TestACodeServesItsOwnClientAndVerifierAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", nil)
	other := f.register("Other", nil)
	old := f.register("Old", func(_ *application.Application, r *issuer.Registration) { r.AllowWithoutPKCE = true })
	app := f.register("Phone", func(_ *application.Application, r *issuer.Registration) { r.Public = true })
	cookie := f.in("ACME/user")
	code := p.code(cookie)
	trade := func(p *relyingParty, code string, more ...string) (int, map[string]any) {
		values := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
			"code_verifier": {verifier}}
		for i := 0; i < len(more); i += 2 {
			if values.Set(more[i], more[i+1]); more[i+1] == "" {
				values.Del(more[i])
			}
		}
		return p.post("/oauth2/token", values)
	}
	wrong := p.config
	for name, got := range map[string]func() (int, map[string]any){
		"another client": func() (int, map[string]any) { return trade(other, code) },
		"a wrong secret": func() (int, map[string]any) {
			bad := *p
			bad.config.ClientSecret = other.config.ClientSecret
			return trade(&bad, code)
		},
		"no secret": func() (int, map[string]any) {
			bad := *p
			bad.config.ClientSecret = ""
			return trade(&bad, code)
		},
		"no verifier":      func() (int, map[string]any) { return trade(p, code, "code_verifier", "") },
		"another verifier": func() (int, map[string]any) { return trade(p, code, "code_verifier", verifier+"x") },
		"another address":  func() (int, map[string]any) { return trade(p, code, "redirect_uri", callback+"x") },
		"no address":       func() (int, map[string]any) { return trade(p, code, "redirect_uri", "") },
		"another grant":    func() (int, map[string]any) { return trade(p, code, "grant_type", "client_credentials") },
		"a password":       func() (int, map[string]any) { return trade(p, code, "grant_type", "password") },
		"two methods": func() (int, map[string]any) {
			return trade(p, code, "client_secret", wrong.ClientSecret, "client_id", wrong.ClientID)
		},
		"an invented code": func() (int, map[string]any) { return trade(p, code[:len(code)-4]+"AAAA") },
		"a refresh token": func() (int, map[string]any) {
			return p.post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {code}})
		},
		"a code in address": func() (int, map[string]any) {
			return p.post("/oauth2/token?grant_type=authorization_code&code="+code, url.Values{})
		},
	} {
		if status, told := got(); status < 400 || status >= 500 || told["access_token"] != nil || told["error"] == nil {
			t.Errorf("%s: %d %v", name, status, told)
		}
	}
	token, err := p.exchange(code)
	if err != nil {
		t.Fatalf("after all that the owner's code is gone: %v", err)
	}
	// A client without PKCE that sends a challenge is held to it; one that sends a verifier without one is refused.
	if status, told := trade(old, old.code(cookie), "code_verifier", ""); status == http.StatusOK {
		t.Errorf("a verifier is left out: %v", told)
	}
	bare := []string{"code_challenge", "", "code_challenge_method", ""}
	if status, told := trade(old, old.code(cookie, bare...)); status == http.StatusOK {
		t.Errorf("a verifier for no challenge: %v", told)
	}
	if status, told := trade(old, old.code(cookie, bare...), "code_verifier", ""); status != http.StatusOK {
		t.Errorf("an old client: %d %v", status, told)
	}
	// A public client has no secret, and a confidential one cannot pass for one.
	app.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	if _, err := app.exchange(app.code(cookie)); err != nil {
		t.Errorf("a public client: %v", err)
	}
	if status, told := other.post("/oauth2/introspect", url.Values{"token": {token.AccessToken}}); told["active"] == true {
		t.Errorf("another client's token: %d %v", status, told)
	}
	other.post("/oauth2/revoke", url.Values{"token": {token.RefreshToken}})
	if p.introspect(token.AccessToken)["active"] != true {
		t.Error("another client revokes a token")
	}
	if _, err := other.config.TokenSource(other.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil {
		t.Error("another client refreshes")
	}
	if p.introspect(token.AccessToken)["active"] != true {
		t.Error("another client's try with a refresh token ends the owner's")
	}
	// An ID token is no access token.
	id, _ := token.Extra("id_token").(string)
	rec := f.ask("GET", "/oauth2/userinfo", "", "", "Authorization", "Bearer "+id)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("an ID token as access token: %d", rec.Code)
	}
}
