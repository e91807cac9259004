package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// valueOf returns what an answer sets a cookie to, or "".
func valueOf(rec *httptest.ResponseRecorder, name string) string {
	for _, c := range rec.Result().Cookies() {
		if strings.TrimPrefix(c.Name, "__Host-") == name && c.MaxAge >= 0 {
			return c.Value
		}
	}
	return ""
}

func TestTheLogInSaysWhyASessionEnded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, end := range []struct{ how, says string }{
		{"last_seen_at = now() - interval '31 minutes'", locale.N("en", "login.idle", 30)},
		{"expires_at = now() - interval '1 second'", locale.N("en", "login.limit", 12)},
		{"ended_at = now(), logged_out = true", locale.T("en", "login.other_tab")},
		{"ended_at = now()", locale.T("en", "login.ended")},
		{"password_version = 0", locale.T("en", "login.ended")},
		{"ended_at = now(), proof_tries = max_tries()", locale.T("en", "login.exhausted")},
		{"expires_at = created_at + interval '10 minutes', created_at = created_at - interval '1 hour'", ""},
	} {
		cookie := f.in("ACME/user")
		f.Exec("update sessions set created_at = created_at - interval '11 hours'")
		f.Exec("update sessions set " + end.how)
		rec := f.ask(http.MethodGet, "/settings/me", cookie, "")
		told := valueOf(rec, web.CookieTold)
		page := f.ask(http.MethodGet, "/login", "nightlatch-told="+told, "").Body.String()
		if end.says != "" && !strings.Contains(page, end.says) {
			t.Errorf("%s: told %q, which does not say %q", end.how, told, end.says)
		}
		f.Exec("delete from sessions")
	}
}

// pagesOf are the routes that whoever has this cookie can load as a page.
func (f *fixture) pagesOf(cookie string) (pages map[string]*httptest.ResponseRecorder) {
	f.t.Helper()
	pages = map[string]*httptest.ResponseRecorder{}
	for _, r := range f.site.Routes() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/operator/jobs") || strings.Contains(r.Path, "*") {
			continue
		}
		path := target(&echo.Route{Path: r.Path}, f.users["ACME/accountant"].ID)
		rec := f.ask(http.MethodGet, path, cookie, "")
		if rec.Code == http.StatusOK && strings.HasPrefix(rec.Body.String(), "<!doctype html>") {
			pages[path] = rec
		}
	}
	return pages
}

func TestEveryPageBehindALogInKnowsWhenItsSessionEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for who, visitor := range map[string]struct {
		cookie string
		least  int
		prefix string
	}{
		"superuser": {f.in("ACME/superuser"), 12, "/settings"}, "operator": {f.ops(), 5, "/operator"},
	} {
		seen := 0
		for path, rec := range f.pagesOf(visitor.cookie) {
			if !strings.HasPrefix(path, visitor.prefix) {
				continue
			}
			seen++
			body := rec.Body.String()
			for _, part := range []string{`<template id="session" data-left="`, "session.", `<form class="session-ends"`} {
				if !strings.Contains(body, part) {
					t.Errorf("%s, for a %s, lacks %s", path, who, part)
				}
			}
		}
		if seen < visitor.least {
			t.Errorf("only %d pages of a %s were looked at", seen, who)
		}
	}
	if strings.Contains(f.ask(http.MethodGet, "/login", "", "").Body.String(), "session.") {
		t.Error("the log-in page loads a script for sessions")
	}
}

func TestAskingWhatIsLeftKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/user")
	ask := func(method string) string {
		return f.ask(method, "/session", cookie, "", "HX-Request-Type", "partial").Header().Get("Session-Left")
	}
	f.Exec("update sessions set last_seen_at = now() - interval '29 minutes'")
	for range 2 {
		if left := ask(http.MethodGet); left != "59" && left != "60" {
			t.Errorf("%s seconds are left", left)
		}
	}
	if left := ask(http.MethodPost); left != "1800" {
		t.Errorf("%s seconds are left to who stays", left)
	}
	if seen := f.Text("select (last_seen_at > now() - interval '1 minute')::text from sessions"); seen != "true" {
		t.Error("who stays is not noted")
	}
	f.Exec("update sessions set expires_at = now() + interval '90 seconds'")
	rec := f.ask(http.MethodPost, "/session", cookie, "", "HX-Request-Type", "partial")
	if left := rec.Header().Get("Session-Left"); left > "90" || rec.Header().Get("Session-Last") == "" {
		t.Errorf("%s seconds are left of all, and that is said: %q", left, rec.Header().Get("Session-Last"))
	}
	f.Exec("update sessions set ended_at = now()")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if left := ask(method); left != "0" {
			t.Errorf("%s: %q seconds are left of a session that is over", method, left)
		}
	}
}

// A log-in leads back to the page that was asked for, which is a page behind that very log-in and nothing else.
func TestALogInLeadsBackToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.users["ACME/superuser"].ID
	other := f.users["ACME/user"].ID
	logIn := func(returning string) string {
		rec := f.ask(http.MethodPost, "/login", "nightlatch-return="+returning,
			"office=ACME&username=superuser&password="+strings.ReplaceAll(password, " ", "+"))
		token := valueOf(rec, web.CookieSession)
		to := f.ask(http.MethodGet, "/", "nightlatch="+token+"; nightlatch-return="+returning, "")
		if kept := valueOf(to, web.CookieReturn); kept != "" {
			t.Errorf("the log-in would lead to %q again", kept)
		}
		return where(to)
	}
	asked := 0
	for _, r := range f.routes(t, 60) {
		if r.Method != http.MethodGet || strings.ContainsAny(r.Path, "*.") || !strings.HasPrefix(r.Path, "/settings/") {
			continue
		}
		path := target(r, 7)
		returning := valueOf(f.ask(http.MethodGet, path+"?secret=1", "", ""), web.CookieReturn)
		if returning != "0:"+path {
			t.Errorf("%s is remembered as %q", path, returning)
		}
		asked++
	}
	if asked < 15 {
		t.Errorf("only %d pages were asked for", asked)
	}
	for returning, want := range map[string]string{
		"0:/settings/users": "/settings/users", fmt.Sprintf("%d:/settings/users", user): "/settings/users (back)",
		fmt.Sprintf("%d:/settings/users", other): "/settings/me", "x:/settings/users": "/settings/me",
		"0://evil.example/settings/me": "/settings/me", "0:https://evil.example/settings/": "/settings/me",
		"0:/operator/offices": "/settings/me", "0:/login/sso/callback": "/settings/me", "0:/logout": "/settings/me",
		"0:/settings/../logout": "/settings/me", "0:/settings//evil.example": "/settings/me", "": "/settings/me",
	} {
		if to := logIn(returning); to != want {
			t.Errorf("%q leads to %s, not to %s", returning, to, want)
		}
	}
	for _, asks := range [][]string{
		{"Referer", "http://localhost/settings/users/new"}, {"Referer", "https://evil.example/settings/users/new"},
		{"HX-Request-Type", "partial", "HX-Current-URL", "http://localhost/settings/users/new"},
	} {
		want := "0:/settings/users/new"
		if strings.Contains(asks[len(asks)-1], "evil") {
			want = ""
		}
		rec := f.ask(http.MethodPost, "/settings/users/new", "", "name=x", asks...)
		if got := valueOf(rec, web.CookieReturn); got != want {
			t.Errorf("a form with %v is to return to %q, not %q", asks, got, want)
		}
	}
}
