package handlers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Where a date is set, a superuser's log-in leads to who is not ready until all are; nobody else's does, nor does a
// second look at the first page, nor that of an office that turned its switch alone.
func TestASuperusersLogInLeadsToWhoIsNotReady(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := func(role, arrived string) string {
		return where(f.ask("GET", paths.Start, f.in("ACME/"+role)+arrived, ""))
	}
	// Who has no factor is asked for one before.
	for _, role := range []string{"superuser", "accountant"} {
		factory.Authenticator(t, f.pool, f.users["ACME/"+role].ID, nil)
	}
	const arrived = "; nightlatch-arrived=yes"
	for _, row := range []struct{ what, sql, role, cookie, want string }{
		{"no date", "update offices set demanded_from = null", "superuser", arrived, paths.Me},
		{"a date", "update offices set demanded_from = now() + interval '9 days'", "superuser", arrived, paths.OfficeRollout},
		{"a date, later", "select 1", "superuser", "", paths.Me},
		{"a date, for an accountant", "select 1", "accountant", arrived, paths.Me},
		{"a date, and all are ready or disabled", "update users set disabled_at = now() where role = 'user'", "superuser",
			arrived, paths.Me},
		{"no date any more", "update users set disabled_at = null; update offices set demanded_from = null", "superuser",
			arrived, paths.Me},
	} {
		f.Exec(row.sql)
		if got := first(row.role, row.cookie); got != row.want {
			t.Errorf("%s: led to %s, want %s", row.what, got, row.want)
		}
	}
}

// Each count of the question before the switch leads to a list of as many, and the question says what was let in.
func TestTheQuestionsCountsLeadToTheirLists(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.users["ACME/user"].OfficeID
	factory.Number(t, f.pool, f.users["ACME/user"].ID, factory.NumberOpts{Unconfirmed: true})
	factory.Authenticator(t, f.pool, f.users["ACME/accountant"].ID, nil)
	for i := range 3 {
		factory.User(t, f.pool, office, factory.UserOpts{Username: fmt.Sprint("more", i)})
	}
	cookie := f.in("ACME/superuser")
	page := func(rec string) *goquery.Document {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(rec))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	doc := page(f.ask("POST", paths.OfficeGeneral, cookie, "shown=yes").Body.String())
	lists := doc.Find("dialog .legend li")
	if lists.Length() != 3 {
		t.Fatalf("%d counts", lists.Length())
	}
	lists.Each(func(_ int, li *goquery.Selection) {
		address, _, _ := strings.Cut(li.Find("a").AttrOr("href", ""), "#")
		rows := page(f.ask("GET", address, cookie, "").Body.String()).Find("#people tbody tr").Length()
		if count := li.Find("b").Text(); count != fmt.Sprint(rows) || rows == 0 {
			t.Errorf("%s counts %s, and its list has %d", address, count, rows)
		}
	})
	if text := doc.Find("dialog").Text(); !strings.Contains(text, "1 session without a second factor") {
		t.Errorf("the question does not say what was let in: %s", text)
	}
}

// Without a script the list is searched, nobody is chosen is said, and what was asked for stays.
func TestTheListOfWhoIsReadyWorksPlainly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.invite(&invites{})
	f.Exec("update users set email = username || '@example.org'")
	cookie := f.in("ACME/superuser")
	rec := f.ask("POST", paths.OfficeRolloutRemind, cookie, "show=none&q=acc&sort=last")
	body := rec.Body.String()
	if rec.Code != 422 || !strings.Contains(body, `id="all-error"`) || !strings.Contains(body, `value="acc"`) {
		t.Errorf("nobody chosen: %d", rec.Code)
	}
	rec = f.ask("POST", paths.OfficeRolloutRemind, cookie, "all=yes&show=none&q=acc&sort=last")
	if got := rec.Header().Get("Location"); got != paths.OfficeRollout+"?q=acc&show=none&sort=last" {
		t.Errorf("led to %q (%d)", got, rec.Code)
	}
	if n := f.Int("select count(*) from audit_events where action = $1", string(audit.UserReminded)); n != 1 {
		t.Errorf("%d were reminded of whom the search finds", n)
	}
	rec = f.ask("POST", paths.OfficeRolloutExport, cookie, fmt.Sprint("user=", f.users["ACME/user"].ID))
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "user@example.org") ||
		strings.Contains(rec.Body.String(), "accountant@") {
		t.Errorf("the file: %d %s", rec.Code, rec.Body.String())
	}
}
