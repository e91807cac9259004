package handlers

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// What docs/asvs.md claims of the pages and no other test shows.

func TestAPasswordIsMaskedAndMayBePastedAndFilledIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for path, cookie := range map[string]string{"/login": "", "/operator/login": "",
		"/settings/confirm": f.in("ACME/user")} {
		rec := f.ask("GET", path, cookie, "")
		doc, err := goquery.NewDocumentFromReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		field := doc.Find("input[name=password]")
		if field.Length() != 1 || field.AttrOr("type", "") != "password" ||
			field.AttrOr("autocomplete", "") != "current-password" || field.AttrOr("value", "") != "" {
			html, _ := goquery.OuterHtml(field)
			t.Errorf("the password's field on %s is %s", path, html)
		}
		for _, hindering := range []string{"onpaste", "hx-on:paste", "readonly"} {
			if _, has := field.Attr(hindering); has {
				t.Errorf("%s has %s", path, hindering)
			}
		}
		// Twice the longest password, in the units of a browser: cut where it is pasted it would be another one.
		if most, has := field.Attr("maxlength"); has && len(most) < 3 || has && most < "256" && len(most) == 3 {
			t.Errorf("%s cuts a pasted password at %s", path, most)
		}
	}
}

func TestNoOtherOriginReadsAnAnswer(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	for _, route := range f.site.Routes() {
		for _, visitor := range []string{"", "superuser", "operator"} {
			cookie, own := f.visit(visitor)
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				rec := f.ask(method, f.fill(route.Path, visitor, own), cookie, "", "Origin", "https://evil.example",
					"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "hx-request")
				for name := range rec.Header() {
					if strings.HasPrefix(http.CanonicalHeaderKey(name), "Access-Control-") {
						t.Errorf("%s %s as %q has %s: %q", method, route.Path, visitor, name, rec.Header().Get(name))
					}
				}
			}
		}
		f.putBack()
	}
}

func TestEveryPageBehindTheLogInHasAWayOut(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	pages := 0
	for visitor, under := range map[string]string{"superuser": "/settings", "operator": "/operator"} {
		for _, route := range f.site.Routes() {
			if route.Method != http.MethodGet || !strings.HasPrefix(route.Path, under) || strings.Contains(route.Path, "*") ||
				strings.HasPrefix(route.Path, paths.OperatorJobs) || strings.HasPrefix(route.Path, "/settings/confirm") {
				continue
			}
			cookie, own := f.visit(visitor)
			rec := f.ask("GET", f.fill(route.Path, visitor, own), cookie, "")
			if rec.Code != http.StatusOK || !strings.HasPrefix(rec.Body.String(), "<!doctype html>") ||
				route.Path == "/settings/me/app" || route.Path == "/settings/me/number" || route.Path == "/settings/me/password" {
				continue // one step of a change: Cancel leads back to a page that has it
			}
			pages++
			if !strings.Contains(rec.Body.String(), `action="/logout"`) {
				t.Errorf("%s has no way to log out", route.Path)
			}
		}
	}
	if pages < 6 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

func TestAnOldPasswordIsStillAPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set created_at = created_at - interval '20 years'")
	rec := f.ask("POST", "/login", "", form("office", "ACME", "username", "user", "password", password))
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/" {
		t.Errorf("a password of twenty years answers %d %s", rec.Code, rec.Header().Get("Location"))
	}
	for _, route := range f.site.Routes() {
		for _, word := range []string{"hint", "question", "security-answer"} {
			if route.Method != echo.RouteNotFound && strings.Contains(route.Path, word) {
				t.Error(fmt.Sprint(route.Path, " asks what only a password may answer"))
			}
		}
	}
}

func TestAnErrorOfOursIsALineWithItsChain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var lines bytes.Buffer
	site, err := New(f.services, &url.URL{Scheme: "http", Host: "localhost"}, "Nightlatch",
		slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f.site = site
	cookie := f.in("ACME/user")
	f.Exec("alter view living_sessions rename to gone")
	rec := f.ask("GET", "/settings/me", cookie, "")
	line := regexp.MustCompile(`level=ERROR msg="request failed" request=([A-Z2-7]+) .*error="load session: .*SQLSTATE`)
	told := line.FindStringSubmatch(lines.String())
	if rec.Code != http.StatusInternalServerError || told == nil ||
		!strings.Contains(rec.Body.String(), told[1]) {
		t.Errorf("answered %d, and the log says\n%s", rec.Code, lines.String())
	}
}
