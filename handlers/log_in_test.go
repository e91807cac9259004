package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestABrowserThatKeepsNoCookiesIsToldAndSentNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	typed := form("office", "ACME", "username", "user", "password", password)
	for range 3 {
		rec := f.ask(http.MethodPost, "/login", "", typed, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin")
		if rec.Code != http.StatusUnprocessableEntity || valueOf(rec, web.CookieSession) != "" ||
			!strings.Contains(rec.Body.String(), locale.T("en", "login.no_cookies")) {
			t.Errorf("a browser without cookies is answered %d", rec.Code)
		}
		if valueOf(rec, web.CookieBrowser) == "" {
			t.Error("whoever keeps cookies cannot log in the next time")
		}
	}
	if n := f.Text("select count(*)::text from sessions"); n != "0" {
		t.Errorf("%s sessions have begun", n)
	}
	rec := f.ask(http.MethodPost, "/login", "nightlatch-browser=x", typed, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site",
		"same-origin")
	if valueOf(rec, web.CookieSession) == "" {
		t.Errorf("a browser that keeps cookies is answered %d", rec.Code)
	}
}

func TestTheLogInKnowsTheOfficeAndTheNameOfTheLastOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wrong := f.ask(http.MethodPost, "/login", "", form("office", "ACME", "username", "user", "password", "wrong"))
	if valueOf(wrong, web.CookieLogin) != "" {
		t.Error("a name is remembered that nobody has proven")
	}
	rec := f.ask(http.MethodPost, "/login", "", form("office", "ACME", "username", "user", "password", password))
	last := valueOf(rec, web.CookieLogin)
	for _, told := range []string{"", "exhausted", "over", "idle-30", "out"} {
		page := f.ask(http.MethodGet, "/login", "nightlatch-login="+last+"; nightlatch-told="+told, "").Body.String()
		for _, kept := range []string{`name="office" value="ACME"`, `name="username" value="user"`} {
			if !strings.Contains(page, kept) {
				t.Errorf("after %q the log-in lacks %s", told, kept)
			}
		}
		if !strings.Contains(page, `autocomplete="current-password" required autofocus`) {
			t.Errorf("after %q the focus is not in the password", told)
		}
	}
	if page := f.ask(http.MethodGet, "/operator/login", "nightlatch-login="+last, "").Body.String(); strings.Contains(page,
		`value="user"`) {
		t.Error("the operators' log-in shows an office's user")
	}
}

func TestAddressesThatBrowsersAskForByThemselvesAreKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for address, kind := range map[string]string{
		"/favicon.ico": "image/svg+xml", "/apple-touch-icon.png": "image/png",
		"/apple-touch-icon-precomposed.png": "image/png",
	} {
		if rec := f.ask(http.MethodGet, address, "", ""); rec.Code != 200 || rec.Header().Get("Content-Type") != kind {
			t.Errorf("%s is answered %d %q", address, rec.Code, rec.Header().Get("Content-Type"))
		}
	}
	if to := where(f.ask(http.MethodGet, "/.well-known/change-password", "", "")); to != "/settings/me/password" {
		t.Errorf("a password is changed at %s", to)
	}
}
