package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

const signedOut = "https://payroll.acme.example/signed-out?from=nightlatch"

// leave follows a log-out of an application's to the page that answers it.
func (p *relyingParty) leave(method, cookie string, values url.Values) *httptest.ResponseRecorder {
	p.f.t.Helper()
	path, form := "/oauth2/logout?"+values.Encode(), ""
	if method == http.MethodPost {
		path, form = "/oauth2/logout", values.Encode()
	}
	// A form of another site brings no cookie.
	rec := p.f.ask(method, path, "", form, "Origin", "https://payroll.acme.example", "Sec-Fetch-Site", "cross-site")
	to := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/oauth2/leave") {
		p.f.t.Fatalf("%d %s", rec.Code, to)
	}
	return p.f.ask(http.MethodGet, to, cookie, "")
}

// onward is where an answer leads, by whatever way.
func onward(rec *httptest.ResponseRecorder) string {
	if to := rec.Header().Get("Location"); to != "" {
		return to
	}
	_, to, _ := strings.Cut(rec.Header().Get("Refresh"), "url=")
	return to
}

// Only whoever has an ID token of the very session ends it without a question, and no browser is led to an address that
// is not registered to the letter.
func TestALogOutOfAnApplicationIsItsOwnSessionsAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) {
		r.PostLogoutURIs = []string{signedOut}
	})
	other := f.register("Holidays", func(_ *application.Application, r *issuer.Registration) {
		r.PostLogoutURIs = []string{"https://holidays.acme.example/out"}
	})
	stranger, _ := p.tokens(f.in("ACME/accountant")).Extra("id_token").(string)
	living := func() int64 {
		return f.ID("select count(*) from sessions s join users u on u.id = s.user_id " +
			"where u.username = 'user' and s.ended_at is null")
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		asked  bool
		to     string // at the end
	}{
		"as it should be":       {func(url.Values) {}, false, signedOut + "&state=s"},
		"without a state":       {func(v url.Values) { v.Del("state") }, false, signedOut},
		"no client id":          {func(v url.Values) { v.Del("client_id") }, false, signedOut + "&state=s"},
		"no address":            {func(v url.Values) { v.Del("post_logout_redirect_uri") }, false, "/login"},
		"no ID token":           {func(v url.Values) { v.Del("id_token_hint") }, true, signedOut + "&state=s"},
		"nothing":               {func(v url.Values) { clear(v) }, true, "/login"},
		"an address alone":      {func(v url.Values) { v.Del("id_token_hint"); v.Del("client_id") }, true, "/login"},
		"a stranger's ID token": {func(v url.Values) { v.Set("id_token_hint", stranger) }, true, signedOut + "&state=s"},
		"a changed ID token": {func(v url.Values) {
			parts := strings.Split(v.Get("id_token_hint"), ".")
			v.Set("id_token_hint", parts[0]+"."+strings.Split(stranger, ".")[1]+"."+parts[2])
		}, true, "/login"},
		"another client": {func(v url.Values) { v.Set("client_id", other.config.ClientID) }, true, "/login"},
		"an unknown one": {func(v url.Values) { v.Set("client_id", "nl-x"); v.Del("id_token_hint") }, true, "/login"},
		"another address": {func(v url.Values) {
			v.Set("post_logout_redirect_uri", "https://evil.example/")
		}, false, "/login"},
		"another client's": {func(v url.Values) {
			v.Set("post_logout_redirect_uri", "https://holidays.acme.example/out")
		}, false, "/login"},
		"more of a path": {func(v url.Values) { v.Set("post_logout_redirect_uri", signedOut+"/../x") }, false, "/login"},
		"another query":  {func(v url.Values) { v.Set("post_logout_redirect_uri", signedOut+"&x=y") }, false, "/login"},
		"two addresses":  {func(v url.Values) { v.Add("post_logout_redirect_uri", "https://evil.example/") }, true, "/login"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			cookie := f.in("ACME/user")
			hint, _ := p.tokens(cookie).Extra("id_token").(string)
			values := url.Values{"id_token_hint": {hint}, "client_id": {p.config.ClientID}, "state": {"s"},
				"post_logout_redirect_uri": {signedOut}}
			c.change(values)
			rec := p.leave(method, cookie, values)
			page, err := goquery.NewDocumentFromReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			if asked := onward(rec) == ""; asked != c.asked || asked != (living() == 1) {
				t.Fatalf("%s, %s: %d to %q, %d sessions", name, method, rec.Code, onward(rec), living())
			}
			if c.asked {
				what, _ := page.Find("form input[name=what]").Attr("value")
				rec = f.ask(http.MethodPost, "/oauth2/leave", cookie, url.Values{"what": {what}, "x": {name, method}}.Encode())
			}
			if to := onward(rec); to != c.to || living() != 0 {
				t.Errorf("%s, %s: leads to %s, not %s; %d sessions", name, method, to, c.to, living())
			}
			f.Exec("update sessions set ended_at = now() where user_id in (select id from users where username = 'user')")
		}
	}
	if n := f.ID("select count(*) from audit_events where action = 'application_refused' " +
		"and detail = 'Payroll: post_logout_redirect_uri'"); n != 1 {
		t.Errorf("%d wrong addresses are in the history", n)
	}
}

// Who is out already is led on, and learns nothing; what is not sealed by us is nothing.
func TestALogOutOfNobodyLeadsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.register("Payroll", func(_ *application.Application, r *issuer.Registration) {
		r.PostLogoutURIs = []string{signedOut}
	})
	cookie := f.in("ACME/user")
	hint, _ := p.tokens(cookie).Extra("id_token").(string)
	values := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {signedOut}}
	if to := onward(p.leave(http.MethodGet, "", values)); to != signedOut {
		t.Errorf("without a session: %s", to)
	}
	if f.ID("select count(*) from sessions where ended_at is null") != 1 {
		t.Error("an ID token alone ended a session in another browser")
	}
	for _, what := range []string{"x", strings.Repeat("A", 200), hint} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path, form := "/oauth2/leave?what="+url.QueryEscape(what), ""
			if method == http.MethodPost {
				path, form = "/oauth2/leave", url.Values{"what": {what}}.Encode()
			}
			if rec := f.ask(method, path, cookie, form); rec.Code != http.StatusBadRequest {
				t.Errorf("%s %q: %d", method, what, rec.Code)
			}
		}
	}
	// Somebody else's page cannot press the button.
	rec := f.ask(http.MethodPost, "/oauth2/leave", cookie, "what=x", "Origin", "https://evil.example",
		"Sec-Fetch-Site", "cross-site")
	if rec.Code != http.StatusForbidden {
		t.Errorf("across origins: %d", rec.Code)
	}
	if f.ID("select count(*) from sessions where ended_at is null") != 1 {
		t.Error("what is not ours ended a session")
	}
}
