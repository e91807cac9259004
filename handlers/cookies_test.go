package handlers

import (
	"net/http"
	"strings"
	"testing"
)

// A browser that was given a plain cookie before it brought a secure one back has both: what is taken away is gone in
// both forms, or the plain one would be read again.
func TestACookieIsTakenAwayInBothForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, ask := range map[string]func(cookies string) []string{
		"back after a log-in": func(cookies string) []string {
			return f.ask(http.MethodGet, "/", cookies, "").Result().Header.Values("Set-Cookie")
		},
		"a log-out": func(cookies string) []string {
			return f.ask(http.MethodPost, "/logout", cookies, "x=y").Result().Header.Values("Set-Cookie")
		},
	} {
		set := ask("nightlatch-return=0:/settings/office; __Host-nightlatch-browser=x; nightlatch-told=back; " +
			f.in("ACME/user"))
		gone := map[string]bool{}
		for _, cookie := range set {
			if strings.Contains(cookie, "Max-Age=0") {
				of, _, _ := strings.Cut(cookie, "=")
				gone[of] = true
			}
		}
		if !gone["__Host-nightlatch-return"] {
			t.Errorf("%s: takes away %v", name, gone)
		}
		for of := range gone {
			if plain, secure := strings.CutPrefix(of, "__Host-"); secure && !gone[plain] &&
				(plain == "nightlatch-return" || plain == "nightlatch") {
				t.Errorf("%s: leaves %s", name, plain)
			}
		}
	}
}
