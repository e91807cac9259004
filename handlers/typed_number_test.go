package handlers

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
)

// Whoever registers a number for somebody sees it whole on the page that follows, once, and nobody else does: neither
// with the cookie in another session, nor on another user's page, nor in the cookie itself.
func TestANumberIsWholeOnTheUsersPageForWhoTypedItOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := func(who string) string { return fmt.Sprintf("/settings/users/%d", f.users[who].ID) }
	accountant, superuser := f.in("ACME/accountant"), f.in("ACME/superuser")
	rec := f.ask(http.MethodPost, at("ACME/user")+"/number", accountant, "number=%2B31612345699&country=NL")
	if where(rec) != at("ACME/user")+" (number_registered)" {
		t.Fatalf("the number leads to %s with %d", where(rec), rec.Code)
	}
	kept := ""
	for _, c := range rec.Result().Cookies() {
		if c.Name == web.CookieNumber {
			kept = c.Value
		}
		if strings.Contains(c.Value, "6123456") {
			t.Errorf("the cookie %s holds the number", c.Name)
		}
	}
	if kept == "" {
		t.Fatal("nothing is kept for the page")
	}
	digits := regexp.MustCompile(`[^0-9]`)
	whole := func(path, cookie string) bool {
		page := f.ask(http.MethodGet, path, cookie, "").Body.String()
		return strings.Contains(digits.ReplaceAllString(strings.ReplaceAll(page, "&#43;", ""), ""), "31612345699")
	}
	with := "; " + web.CookieNumber + "=" + kept
	for _, c := range []struct {
		name, path, cookie string
		whole              bool
	}{
		{"who typed it", at("ACME/user"), accountant + with, true},
		{"who typed it, a page later", at("ACME/user"), accountant, false},
		{"who typed it, on another user's page", at("ACME/superuser"), accountant + with, false},
		{"another session", at("ACME/user"), superuser + with, false},
		{"a cookie that nobody sealed", at("ACME/user"), accountant + with + "x", false},
	} {
		if got := whole(c.path, c.cookie); got != c.whole {
			t.Errorf("%s: the number is whole: %t", c.name, got)
		}
	}
	forgotten := false
	for _, c := range f.ask(http.MethodGet, at("ACME/user"), accountant+with, "").Result().Cookies() {
		forgotten = forgotten || c.Name == web.CookieNumber && c.MaxAge < 0
	}
	if !forgotten {
		t.Error("it would be shown again")
	}
	// Confirmed meanwhile, it is its user's alone.
	f.Exec("update mobile_numbers set confirmed_at = now()")
	if whole(at("ACME/user"), accountant+with) {
		t.Error("a number that its user has confirmed is shown whole")
	}
}

// The office of the last log-in stands in a line, and its field is there behind it, filled in, for whoever changes it
// and for password managers; what was wrong with it, or another one, is shown at once.
func TestTheLogInKeepsTheOfficeInALine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	last := "nightlatch-browser=x; nightlatch-login=office=ACME&username=user"
	for _, c := range []struct {
		name, method, cookie, form string
		kept                       bool
	}{
		{"a new browser", "GET", "nightlatch-browser=x", "", false},
		{"a browser of before", "GET", last, "", true},
		{"a wrong password", "POST", last, "office=ACME&username=user&password=wrong", true},
		{"another office", "POST", last, "office=OTHER&username=user&password=wrong", false},
		{"no office", "POST", last, "office=&username=user&password=wrong", false},
	} {
		page := f.ask(c.method, "/login", c.cookie, c.form).Body.String()
		if kept := strings.Contains(page, `<details class="kept">`); kept != c.kept ||
			strings.Count(page, `name="office"`) != 1 {
			t.Errorf("%s: the office stands in a line: %t", c.name, kept)
		}
		if c.kept && !strings.Contains(page, `name="office" value="ACME"`) {
			t.Errorf("%s: the field is empty", c.name)
		}
	}
	if page := f.ask("GET", "/operator/login", last, "").Body.String(); strings.Contains(page, "kept") {
		t.Error("the operators' log-in tells of an office")
	}
}
