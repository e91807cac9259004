package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
)

// good fills in every form of the site so that most of them do what they are for.
const good = everything + "&username=zoe&name=Zoe&email=zoe%40example.org&role=user&sure=yes&allowed=yes&language=nl" +
	"&cap=100&prefix=%2B316129&policy=refuse&present=" + "x" + "&again=x&office=ACME&text=x&days=7&hours=4&all=yes"

// counted are the rows by which the effects of a form are counted.
func (f *accessFixture) counted() string {
	f.t.Helper()
	var counts []string
	for _, table := range slices.Concat(f.tables, f.empty, []string{"audit_events", "river_job"}) {
		if table != "kept_answers" {
			counts = append(counts, fmt.Sprintf("%s %d", table, f.Int("select count(*) from "+table)))
		}
	}
	return strings.Join(counts, ", ") + f.Text(`select ' · ' || coalesce(string_agg(kind, ' ' order by kind), '')
		from (select kind from mails) m`)
}

// The column twice of access.txt, asked of every route that takes a form: the same form twice at once, and once more,
// leaves what it leaves when it is sent once, and is answered three times alike.
func TestTheColumnTwiceIsWhatTheSiteDoes(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	f := newAccessFixture(t)
	asked, did := 0, 0
	for _, row := range rows {
		visitor := f.letIn(row)
		if row.Twice != "same" || visitor == "" {
			continue
		}
		asked++
		begin := func() (ask func() *httptest.ResponseRecorder) {
			f.putBack()
			f.Exec("truncate kept_answers")
			cookie, own := f.visit(visitor)
			if row.Path == paths.MyAppRemove {
				factory.Authenticator(t, f.pool, f.ids[visitor], nil)
			}
			path := f.fill(row.Path, visitor, own)
			cookie += "; nightlatch-browser=" + string(session.NewToken())
			return func() *httptest.ResponseRecorder {
				if row.Path == paths.UsersImport {
					return f.upload(path, cookie, "username,name,email\nzoe,Zoe,z@example.org")
				}
				return f.ask(http.MethodPost, path, cookie, good)
			}
		}
		ask := begin()
		audit := f.Int("select count(*) from audit_events") // which nobody can put back
		jobs := f.Int("select count(*) from river_job")
		before := f.counted()
		first := ask()
		once := f.counted()
		once = relative(once, audit, jobs)
		if once != relative(before, audit, jobs) {
			did++
		}

		ask = begin()
		audit = f.Int("select count(*) from audit_events")
		jobs = f.Int("select count(*) from river_job")
		var both [2]*httptest.ResponseRecorder
		var wg sync.WaitGroup
		for i := range both {
			wg.Go(func() { both[i] = ask() })
		}
		wg.Wait()
		for i, rec := range append(both[:], ask()) {
			if rec.Code != first.Code || numbers.ReplaceAllString(where(rec), "N") !=
				numbers.ReplaceAllString(where(first), "N") || rec.Body.String() != both[0].Body.String() {
				t.Errorf("%s as %s: answer %d is %d %s of %d bytes, the first of them had %d, and alone it was %d %s", row.Path,
					visitor, i+1, rec.Code, where(rec), rec.Body.Len(), both[0].Body.Len(), first.Code, where(first))
			}
		}
		if twice := relative(f.counted(), audit, jobs); twice != once {
			t.Errorf("%s as %s: sent once it leaves %s, and sent again %s", row.Path, visitor, once, twice)
		}
	}
	for _, row := range rows {
		if row.Twice != "reads" {
			continue
		}
		f.putBack()
		cookie, own := f.visit(cmp.Or(f.letIn(row), "enrolling"))
		f.ask(http.MethodPost, f.fill(row.Path, "", own), cookie, good)
		if f.Int("select count(*) from kept_answers") != 0 {
			t.Errorf("%s is asked while somebody types, and takes the place of the answer to a form", row.Path)
		}
	}
	if asked < 40 || did < 15 {
		t.Errorf("%d routes were asked, of which %d did something", asked, did)
	}
}

// relative tells counts of tables that only grow from where they stood.
func relative(counts string, audit, jobs int) string {
	for table, from := range map[string]int{"audit_events": audit, "river_job": jobs} {
		var n int
		if i := strings.Index(counts, table+" "); i >= 0 {
			_, _ = fmt.Sscanf(counts[i+len(table):], "%d", &n)
			counts = strings.Replace(counts, fmt.Sprintf("%s %d", table, n), fmt.Sprintf("%s +%d", table, n-from), 1)
		}
	}
	return counts
}

// proofs are forms that prove something and hand out a new token, each with a proof that is right.
func (f *fixture) proofs(t *testing.T) []proof {
	_, secret := f.operator()
	operator, err := f.services.Accounts.SignInOperator(t.Context(), account.Attempt{
		Username: "ops", Password: password, Address: "192.0.2.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return []proof{ // in this order: each step of a code is used once
		{"the password at the log-in", "/login", "", form("office", "ACME", "username", "user", "password", password),
			"password"},
		{"the password in a step-up", "/settings/confirm", f.in("ACME/accountant"), form("password", password,
			"next", "/settings/me"), "password"},
		{"a new password", "/settings/me/password", f.in("ACME/superuser"), form("present", password,
			"password", "quite another passphrase", "again", "quite another passphrase"), "present"},
		{"an operator's password and code", "/operator/login", "", form("username", "ops", "password", password,
			"code", appCode(t, secret, 0)), "password"},
		{"an operator's code", "/operator/login/code", f.pendingOperator(operator), form("code", appCode(t, secret, 1)),
			"code"},
	}
}

// proof is a form at path, posted with a cookie; field holds what is proven.
type proof struct{ name, path, cookie, form, field string }

// The answer to a proof may be lost on its way. The same proof from the same browser is answered as the first was, and
// gets the session; the token that was replaced opens nothing by itself, nor with another proof, nor from another
// browser, nor later.
func TestAProofWhoseAnswerWasLostIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, p := range f.proofs(t) {
		name := p.name
		browser := "; nightlatch-browser=" + string(session.NewToken())
		ask := func(form, browser string) *httptest.ResponseRecorder {
			return f.ask("POST", p.path, p.cookie+browser, form)
		}
		inside := func(cookie string) bool {
			rec := f.ask("GET", "/", cookie, "")
			return where(rec) != "/login" && cookie != ""
		}
		first := ask(p.form, browser)
		token := cookieOf(t, first)
		if first.Code != http.StatusSeeOther || !inside(token) {
			t.Fatalf("%s: answers %d %s %s", name, first.Code, where(first), first.Body)
		}
		for range 2 {
			again := ask(p.form, browser)
			next := cookieOf(t, again)
			if again.Code != first.Code || where(again) != where(first) || !inside(next) || next == token || inside(token) {
				t.Errorf("%s: sent again it answers %d %s, with a session: %t", name, again.Code, where(again), inside(next))
			}
			token = next
		}
		if p.cookie != "" && inside(p.cookie) {
			t.Errorf("%s: the old token is still good", name)
		}
		values, err := url.ParseQuery(p.form)
		if err != nil {
			t.Fatal(err)
		}
		values.Set(p.field, "123456")
		if rec := ask(values.Encode(), browser); cookieOf(t, rec) != "" {
			t.Errorf("%s: another proof gets a session", name)
		}
		if p.cookie == "" {
			continue // the password begins a session of its own
		}
		if rec := ask(p.form, "; nightlatch-browser="+string(session.NewToken())); cookieOf(t, rec) != "" {
			t.Errorf("%s: another browser gets a session", name)
		}
		f.Exec("update kept_answers set until = now() - interval '1 second'")
		if rec := ask(p.form, browser); cookieOf(t, rec) != "" || !strings.HasPrefix(where(rec), "/") {
			t.Errorf("%s: later it answers %d %s", name, rec.Code, where(rec))
		}
	}
}

// What is meant twice is done twice: a page in between shows that the answer has come.
func TestAFormThatIsMeantTwiceIsDoneTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser") + "; nightlatch-browser=x"
	ended := func() int { return f.Int("select count(*) from audit_events where action = 'other_sessions_ended'") }
	ask := func() { f.ask("POST", "/settings/me/sessions/end-others", cookie, "") }
	ask()
	ask()
	if ended() != 1 {
		t.Errorf("sent twice it is done %d times", ended())
	}
	f.ask("GET", "/settings/me", cookie, "")
	ask()
	if ended() != 2 {
		t.Errorf("sent again from a new page it was done %d times in all", ended())
	}
}
