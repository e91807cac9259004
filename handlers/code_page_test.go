package handlers

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

func TestTheCodePageIsInTheOneStateThatIsTrue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	f.Exec("update offices set two_factor_required = true")
	cookie := f.in("ACME/user")
	if rec := f.ask(http.MethodPost, "/login/send", cookie, ""); where(rec) != "/login/code" {
		t.Fatalf("a code is sent: %d %s", rec.Code, where(rec))
	}
	for _, state := range []struct {
		message, heading string
		form, first      string // the action of the first form that takes a code; where the first button leads
	}{
		{"state = 'queued', final = false", "Enter the code", "/login/code", ""},
		{"state = 'delivered', final = true", "Enter the code", "/login/code", ""},
		{"state = 'unsure', reason = '', final = true", "Enter the code", "/login/code", ""},
		{"state = 'failed', reason = 'number', final = true", "We could not send you a text message", "", "superuser"},
		{"state = 'failed', reason = 'account', final = true", "We could not send you a text message", "", "superuser"},
		{
			"state = 'failed', reason = 'undelivered', final = true", "We could not send you a text message", "",
			"/login/resend",
		},
	} {
		f.Exec("update messages set " + state.message)
		page := f.ask(http.MethodGet, "/login/code", cookie, "").Body.String()
		if !strings.Contains(page, "<h1>"+state.heading+"</h1>") {
			t.Errorf("%s: not headed %q", state.message, state.heading)
		}
		if takes := strings.Contains(page, `name="code"`); takes != (state.form != "") {
			t.Errorf("%s: takes a code: %v", state.message, takes)
		}
		if failed := state.form == ""; failed == strings.Contains(page, "data-countdown") {
			t.Errorf("%s: counts down: %v", state.message, !failed)
		}
		_, ways, _ := strings.Cut(page, `<div class="form ways">`)
		first := regexp.MustCompile(`action="[^"]*"|href="/login[^"]*"|superuser`).FindString(ways)
		if !strings.Contains(first, state.first) {
			t.Errorf("%s: the first thing to do is %s, not %s", state.message, first, state.first)
		}
	}
}

func TestTheLineSaysNothingToAPageThatShowsIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	f.Exec("update offices set two_factor_required = true")
	cookie := f.in("ACME/user")
	f.ask(http.MethodPost, "/login/send", cookie, "")
	shown := func(page string) string {
		found := regexp.MustCompile(`"Shown": "([0-9a-f]+)"`).FindStringSubmatch(page)
		if found == nil {
			t.Fatal("the line says nothing of what it shows")
		}
		return found[1]
	}
	version := shown(f.ask(http.MethodGet, "/login/code", cookie, "").Body.String())
	ask := func(version string) (int, string, string) {
		rec := f.ask(http.MethodGet, "/login/message", cookie, "", "HX-Request-Type", "partial", "Shown", version)
		return rec.Code, rec.Body.String(), rec.Header().Get("HX-Redirect")
	}
	if status, body, _ := ask(version); status != http.StatusNoContent || body != "" {
		t.Errorf("what is shown already is said again: %d %s", status, body)
	}
	f.Exec("update messages set state = 'accepted', accepted_at = now()")
	status, body, _ := ask(version)
	if status != http.StatusOK || shown(body) == version {
		t.Errorf("a change is not told: %d %s", status, body)
	}
	f.Exec("update messages set state = 'failed', reason = 'number', final = true")
	if status, _, to := ask(shown(body)); status != http.StatusNoContent || to != "/login/code" {
		t.Errorf("a message that cannot arrive leads to %q with %d", to, status)
	}
}

// Whoever has the password alone may not read the number that an office registered off the code page; whoever typed it
// has to check it there.
func TestANumberIsWholeOnTheCodePageForWhoTypedItAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	factory.Number(t, f.pool, f.users["ACME/user"].ID, factory.NumberOpts{Unconfirmed: true})
	f.Exec("update offices set two_factor_required = true")
	for i, way := range []struct {
		path, form string
		whole      bool
	}{
		{"/login/send", "", false},
		{"/login/number", "number=%2B31612345699&country=NL", true},
	} {
		cookie := f.in([]string{"ACME/user", "ACME/accountant"}[i])
		if rec := f.ask(http.MethodPost, way.path, cookie, way.form); where(rec) != "/login/code" {
			t.Fatalf("%s leads to %s with %d", way.path, where(rec), rec.Code)
		}
		page := f.ask(http.MethodGet, "/login/code", cookie, "").Body.String()
		said := regexp.MustCompile(`(?s)role="status"[^>]*>(.*?)</p>`).FindStringSubmatch(page)[1]
		digits := regexp.MustCompile(`\D`).ReplaceAllString(strings.ReplaceAll(said, "&#43;", "+"), "")
		if whole := len(digits) >= 11; whole != way.whole {
			t.Errorf("%s: the page says %q", way.path, said)
		}
	}
}
