package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
)

// pass is the cookie of a session that a superuser let in for the day.
func (f *fixture) pass(who string) string {
	f.t.Helper()
	token := session.NewToken()
	s := factory.Session(f.t, f.pool, f.users[who].ID, factory.SessionOpts{TokenHash: token.Hash(), Life: time.Hour})
	f.Exec("update sessions set pass_until = now() + interval '1 hour' where id = $1", s.ID)
	return "nightlatch=" + string(token)
}

// A superuser's day pass gets what the column says, at every route that the router knows, and changes nothing else.
func TestADayPassReachesWhatTheTableOfAccessSays(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	f := newAccessFixture(t)
	asked, closed := 0, 0
	for _, route := range f.site.Routes() {
		method, posted := route.Method, everything
		if method == echo.RouteNotFound {
			method = http.MethodGet
		}
		row, ok := rowOf(rows, method, route.Path)
		if !ok || never(method) || strings.HasPrefix(route.Path, "/operator") {
			continue
		}
		if method == http.MethodGet {
			posted = ""
		}
		if asked++; !row.OpenToPass() {
			closed++
		}
		f.putBack()
		cookie, path := f.pass("ACME/superuser"), f.fill(route.Path, "superuser", 0)
		before := f.untouched("superuser")
		rec := f.ask(method, path, cookie, posted)
		got, is := outcome(rec, where(rec)), row.Outcome["superuser"]
		switch {
		case row.OpenToPass() && got != is:
			t.Errorf("%s %s: %s, not %s", method, route.Path, got, is)
		case !row.OpenToPass() && got == "ok":
			t.Errorf("%s %s is open to a day pass", method, route.Path)
		case !row.OpenToPass() && f.untouched("superuser") != before:
			t.Errorf("%s %s: something changed", method, route.Path)
		}
	}
	if asked < 150 || closed < 70 {
		t.Errorf("%d routes, of them %d closed", asked, closed)
	}
}

func TestADayPassSaysSoOnItsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	cookie := f.pass("ACME/superuser")
	if body := f.ask("GET", "/settings/me", cookie, "").Body.String(); !strings.Contains(body, "in this browser alone") ||
		strings.Contains(body, `href="/settings/users"`) {
		t.Errorf("My settings: %s", body)
	}
	rec := f.ask("GET", "/settings/users", cookie, "")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "without your second factor") {
		t.Errorf("the users: %d", rec.Code)
	}
}

func TestCoolingOffSaysUntilWhen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	boss := f.full("ACME/superuser")
	save := func(form string) int { return f.ask("POST", "/settings/office/two-factor/rescue", boss, form).Code }
	if code := save("hours=100"); code != http.StatusUnprocessableEntity {
		t.Errorf("too many hours: %d", code)
	}
	if code := save("hours=24"); code != http.StatusSeeOther {
		t.Fatalf("a day: %d", code)
	}
	f.Exec("update users set factor_changed_at = now() - interval '1 hour' where id = $1", f.users["ACME/superuser"].ID)
	if rec := f.ask("GET", "/settings/users/new", boss, ""); rec.Code != http.StatusConflict ||
		!strings.Contains(rec.Body.String(), "you have to wait until") {
		t.Errorf("a new user: %d %s", rec.Code, rec.Body)
	}
	rec := f.ask("POST", "/settings/me/number", boss, "number=%2B31612345678&country=NL")
	if rec.Code != http.StatusConflict {
		t.Errorf("another number: %d", rec.Code)
	}
	if rec := f.ask("GET", "/settings/me", boss, ""); rec.Code != http.StatusOK {
		t.Errorf("My settings: %d", rec.Code)
	}
}

// The page on which a day pass is given, and those of who has one, say that it ends when the browser is not used.
func TestADayPassSaysThatItEndsUnused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	for who, says := range map[string]string{"ACME/superuser": "15 minutes", "ACME/user": "30 minutes"} {
		body := f.ask("GET", "/settings/me", f.pass(who), "").Body.String()
		if !strings.Contains(body, "After "+says+" without use") {
			t.Errorf("%s: My settings do not say %s", who, says)
		}
	}
	f.ask("POST", "/login/help", f.in("ACME/user"), "")
	page := f.ask("GET", f.helpOf("ACME/user"), f.full("ACME/superuser"), "").Body.String()
	if !strings.Contains(page, "not used for 30 minutes") {
		t.Errorf("the superuser's page: %s", page)
	}
}

// Wrong words cost nothing of what was typed and chosen.
func TestAnAnswerThatIsRefusedComesBackAsItWas(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	f.ask("POST", "/login/help", f.in("ACME/user"), "")
	boss := f.full("ACME/superuser")
	for _, choice := range []string{"pass", "reset"} {
		rec := f.ask("POST", f.helpOf("ACME/user"), boss, form("words", "zoo zoo zoox", "choice", choice, "until", "23:58"))
		doc, err := goquery.NewDocumentFromReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		if chosen := doc.Find("[name=choice][checked]"); rec.Code != http.StatusUnprocessableEntity ||
			chosen.Length() != 1 || chosen.AttrOr("value", "") != choice {
			t.Errorf("%s: answers %d, with %d chosen", choice, rec.Code, chosen.Length())
		}
		for field, typed := range map[string]string{"words": "zoo zoo zoox", "until": "23:58"} {
			if is := doc.Find("[name="+field+"]").AttrOr("value", ""); is != typed {
				t.Errorf("%s: %s came back as %q", choice, field, is)
			}
		}
	}
}

// The second of two superusers sees who was the first, and what they chose; the first, that another has to follow.
func TestTheSecondApproverSeesWhatTheFirstChose(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.Exec("insert into office_rescue (office_id, cooling_hours, two_approvers) select id, 0, true from offices")
	f.numbers(factory.NumberOpts{})
	user := f.users["ACME/user"]
	vice := factory.User(t, f.pool, user.OfficeID, factory.UserOpts{Username: "vice", Name: "Vice", Role: "superuser"})
	f.users["ACME/vice"] = account.User{ID: vice.ID, OfficeID: user.OfficeID}
	cookie := f.in("ACME/user")
	words := wordsCookie(f.ask("POST", "/login/help", cookie, ""))
	found := spokenWords.FindStringSubmatch(f.ask("GET", "/login/help", cookie+"; "+words, "").Body.String())
	at, boss := f.helpOf("ACME/user"), f.full("ACME/superuser")
	rec := f.ask("POST", at, boss, form("words", found[1], "choice", "reset"))
	if where(rec) != at+" (help_first)" {
		t.Fatalf("the first answers %d %s", rec.Code, where(rec))
	}
	for who, says := range map[string]string{
		"ACME/superuser": "You answered: Reset the second factor", "ACME/vice": "has answered: Reset the second factor",
	} {
		if page := f.ask("GET", at, f.full(who), "").Body.String(); !strings.Contains(page, says) {
			t.Errorf("%s does not read %q: %s", who, says, page)
		}
	}
}

// helpOf is where a superuser answers a user who does not have their phone.
func (f *fixture) helpOf(who string) string {
	return fmt.Sprintf("/settings/users/%d/help", f.users[who].ID)
}
