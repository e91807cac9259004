package handlers

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// What has been done is told once, to whom did it: no address tells it, on any page.
func TestNoAddressTellsThatSomethingWasDone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var said []string
	for _, toast := range web.Toasts() {
		said = append(said, locale.T("en", "done."+toast))
	}
	for _, id := range []string{"login.over", "login.exhausted", "login.password_set", "login.logged_out"} {
		said = append(said, locale.T("en", id))
	}
	words := append(web.Toasts(), "over", "exhausted", "password", "out", "sent")
	cookies := []string{"", f.in("ACME/superuser"), f.ops()}
	for i, route := range f.routes(t, 60) {
		if route.Method != http.MethodGet {
			continue
		}
		for _, cookie := range cookies {
			word := words[i%len(words)]
			path := strings.ReplaceAll(route.Path, ":id", "1") + "?done=" + word + "&why=" + word + "&sent=1&told=" + word
			body := f.ask("GET", path, cookie, "").Body.String()
			for _, sentence := range said {
				if strings.Contains(body, sentence) {
					t.Errorf("%s tells %q", path, sentence)
				}
			}
		}
	}
}

func TestWhatWasDoneIsToldOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	rec := f.ask("GET", "/settings/me", cookie+"; nightlatch-told=saved", "")
	if !strings.Contains(rec.Body.String(), locale.T("en", "done.saved")) {
		t.Error("it is not told")
	}
	forgotten := false
	for _, c := range rec.Result().Cookies() {
		forgotten = forgotten || c.Name == web.CookieTold && c.MaxAge < 0
	}
	if !forgotten {
		t.Errorf("it would be told again: %v", rec.Header()["Set-Cookie"])
	}
	if body := f.ask("GET", "/settings/me", cookie+"; nightlatch-told=<b>x</b>", "").Body.String(); strings.Contains(body,
		"<b>x</b>") {
		t.Error("a word that nobody knows is shown")
	}
}

// Whoever asks for a link, by name or with a link that is over, is told what happens now, and both are told the same.
func TestWhoAsksForALinkIsToldWhatHappensNow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	post := &strangersPost{}
	f.serveAccounts(post, post)
	f.site = f.rebuild(f.services)
	for path, form := range map[string]string{
		"/login/forgot": "office=ACME&username=user", "/link/again": "token=" + strings.Repeat("a", 52),
	} {
		rec := f.ask("POST", path, "nightlatch-browser=x", form)
		if where(rec) != "/login/forgot (sent)" {
			t.Errorf("%s leads to %s", path, where(rec))
		}
		page := f.ask("GET", "/login/forgot", "nightlatch-browser=x; nightlatch-told="+toldBy(rec), "").Body.String()
		if !strings.Contains(page, html.EscapeString(locale.T("en", "forgot.sent"))) {
			t.Errorf("after %s the page does not say so", path)
		}
	}
}
