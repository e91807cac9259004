package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
)

const drillPath = "/settings/office/two-factor/drill"

// beginDrill begins a drill by the page, and returns the superuser's cookie.
func (f *fixture) beginDrill() string {
	f.t.Helper()
	boss := f.in("ACME/superuser")
	if to := where(f.ask(http.MethodPost, drillPath, boss, "x=1")); to != drillPath+" (drill_begun)" {
		f.t.Fatalf("begun, it leads to %s", to)
	}
	return boss
}

// reads fails the test unless a page says all that, in a language.
func (f *fixture) reads(path, cookie, language string, says ...string) {
	f.t.Helper()
	rec := f.ask(http.MethodGet, path, cookie+"; nightlatch-language="+language, "")
	for _, words := range says {
		if !strings.Contains(rec.Body.String(), words) {
			f.t.Errorf("%s in %s (%d) does not say %q", path, language, rec.Code, words)
		}
	}
}

// From the button to the report: a number that is confirmed is proven behind the step-up, with the form that was held.
func TestAFireDrillAsksAtTheNextLogInAndTellsWhatCameOfIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("delete from mobile_numbers")
	number := f.users["ACME/user"]
	factory.Number(t, f.pool, number.ID, factory.NumberOpts{})
	boss := f.in("ACME/superuser")
	f.reads(drillPath, boss, "en", "1 person has", locale.T("en", "drill.begin"))
	if to := where(f.ask(http.MethodGet, "/", f.in("ACME/user"), "")); to != "/settings/me" {
		t.Errorf("before the drill a log-in leads to %s", to)
	}
	boss = f.beginDrill()
	f.reads(drillPath, boss, "nl", locale.T("nl", "drill.on"), locale.T("nl", "drill.not_seen"))

	user := f.in("ACME/user")
	if to := where(f.ask(http.MethodGet, "/", user, "")); to != "/settings/drill" {
		t.Fatalf("a log-in leads to %s", to)
	}
	for _, language := range []string{"en", "nl"} {
		f.reads("/settings/drill", user, language, locale.T(language, "try.skip"), "78")
	}
	if page := f.ask(http.MethodGet, "/settings/drill", user, "").Body.String(); strings.Contains(page, "612345678") {
		t.Error("the page shows the number")
	}
	// Nothing is demanded: the page is left alone, and all stays open.
	if rec := f.ask(http.MethodGet, "/settings/me", user, ""); rec.Code != http.StatusOK {
		t.Errorf("who ignores the page is answered %d", rec.Code)
	}
	rec := f.ask(http.MethodPost, "/settings/drill", user, "x=1")
	if !strings.HasPrefix(where(rec), "/settings/confirm?next=") {
		t.Fatalf("to try leads to %s", where(rec))
	}
	held := user + "; " + web.CookieForm + "=" + valueOf(rec, web.CookieForm)
	f.ask(http.MethodPost, "/settings/confirm/send", held, form("next", "/settings/drill"))
	rec = f.ask(http.MethodPost, "/settings/confirm/code", held, form("code", f.code(), "next", "/settings/drill"))
	if where(rec) != "/settings/drill" {
		t.Fatalf("the code leads to %s (%d)", where(rec), rec.Code)
	}
	user = "nightlatch=" + valueOf(rec, web.CookieSession)
	f.reads("/settings/drill", user, "en", locale.T("en", "try.done_title"), `href="/"`)
	if to := where(f.ask(http.MethodGet, "/", user, "")); to != "/settings/me" {
		t.Errorf("after the drill it leads to %s", to)
	}
	f.reads(drillPath+"?outcome=quick", boss, "en", "Entered within a minute (1)",
		fmt.Sprintf(`href="/settings/users/%d"`, number.ID), `aria-current="true">Entered within a minute`)
	f.reads(drillPath+"?outcome=nonsense&page=-7", boss, "en", fmt.Sprintf(`href="/settings/users/%d"`, number.ID))
	f.reads(drillPath+"?outcome=late", boss, "en", "<h3>"+locale.T("en", "drill.none"))
	if to := where(f.ask(http.MethodPost, drillPath+"/end", boss, "x=1")); to != drillPath+" (drill_ended)" {
		t.Errorf("ended, it leads to %s", to)
	}
	f.reads(drillPath, boss, "en", locale.T("en", "drill.again"), "Entered within a minute (1)")
}

// Who has a number that is not confirmed confirms it; who skips goes on; neither is asked again.
func TestAFireDrillConfirmsANumberOrIsSkipped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("delete from mobile_numbers")
	for _, name := range []string{"ACME/user", "ACME/accountant"} {
		factory.Number(t, f.pool, f.users[name].ID, factory.NumberOpts{Unconfirmed: true})
	}
	f.beginDrill()
	user, other := f.in("ACME/user"), f.in("ACME/accountant")
	f.reads("/settings/drill", user, "en", locale.T("en", "code.other_number"), "5678")
	if to := where(f.ask(http.MethodPost, "/settings/drill", user, "x=1")); to != "/settings/confirm/code" {
		t.Fatalf("to try leads to %s", to)
	}
	page := f.ask(http.MethodGet, "/settings/confirm/code", user, "").Body.String()
	if strings.Contains(page, "12345678") || strings.Contains(page, "1234 5678") {
		t.Error("the page of the code shows a number whole that its user did not type")
	}
	if !strings.Contains(page, `href="/settings/me/number"`) || strings.Contains(page, "/login/") {
		t.Error("the page of the code does not offer another number, or leads to a log-in")
	}
	rec := f.ask(http.MethodPost, "/settings/confirm/code", user, form("code", f.code()))
	if where(rec) != "/settings/me/recovery-codes (number_saved)" {
		t.Errorf("the code leads to %s", where(rec))
	}
	if to := where(f.ask(http.MethodGet, "/", other, "")); to != "/settings/drill" {
		t.Errorf("a log-in leads to %s", to)
	}
	f.ask(http.MethodGet, "/settings/drill", other, "")
	for _, path := range []string{"/settings/drill/skip", "/settings/drill/skip", "/settings/drill"} {
		if to := where(f.ask(http.MethodPost, path, other, "x=1")); to != "/settings/me" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	for _, name := range []string{"ACME/user", "ACME/accountant"} {
		if to := where(f.ask(http.MethodGet, "/", f.in(name), "")); to != "/settings/me" {
			t.Errorf("%s is led to %s once more", name, to)
		}
	}
}

// Where a code is demanded there is no drill: not for the office, and not for who has been asked.
func TestWhereTwoFactorsAreDemandedThereIsNoFireDrill(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	f.beginDrill()
	f.Exec("update offices set two_factor_required = true")
	boss := f.full("ACME/superuser")
	for _, rec := range []string{
		f.ask(http.MethodGet, drillPath, boss, "").Body.String(),
		f.ask(http.MethodPost, drillPath, boss, "x=1").Body.String(),
	} {
		if !strings.Contains(rec, locale.T("en", "drill.demanded")) || strings.Contains(rec, locale.T("en", "drill.begin")) {
			t.Error("a drill is offered, or it is not said why there is none")
		}
	}
	user := f.full("ACME/user")
	for _, path := range []string{"/", "/settings/drill"} {
		if to := where(f.ask(http.MethodGet, path, user, "")); to != "/settings/me" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

// A drill is asked for of who has something to try and has just logged in; no other page costs a statement for it.
func TestAFireDrillCostsOnlyWhomItMayAskAStatement(t *testing.T) {
	t.Parallel()
	pool, _, statements := dbtest.Counted(t)
	f := fixtureOver(t, dbtest.Of(t, pool), pool)
	factory.Number(t, f.pool, f.users["ACME/user"].ID, factory.NumberOpts{})
	for _, row := range []struct {
		who, age string
		asks     bool
	}{
		{"ACME/user", "1 second", true}, {"ACME/user", "2 minutes", false}, {"ACME/accountant", "1 second", false},
	} {
		f.Exec("delete from sessions")
		cookie := f.in(row.who)
		f.Exec("update sessions set created_at = now() - $1::text::interval", row.age)
		asked, _ := statements.Of(func() { f.ask(http.MethodGet, "/", cookie, "") })
		if asks := strings.Contains(strings.Join(asked, " "), "DrillOf"); asks != row.asks {
			t.Errorf("%s, logged in %s ago, asks for a drill: %v (%v)", row.who, row.age, asks, asked)
		}
	}
}
