package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// guard adds an application that is there for ACME's users, but for what change makes of it.
func (f *fixture) guard(name string, change func(*application.Application)) int64 {
	f.t.Helper()
	a := application.Application{
		Kind: application.Forward, Name: name, URL: "https://" + strings.ToLower(name) + ".example/",
		Offices: []string{"ACME"}, Roles: application.Roles(),
	}
	change(&a)
	id, err := f.services.Applications.Create(context.Background(), a, audit.Person{Name: "operator"}, "192.0.2.1")
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// Home, the navigation and the way straight to the only application show what Door.Decide lets in, or would after a
// step, and nothing else: for every user, with one factor and with two.
func TestHomeShowsWhatTheDoorOpens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ids := map[string]int64{
		"Plain":     f.guard("Plain", func(*application.Application) {}),
		"Everyone":  f.guard("Everyone", func(a *application.Application) { a.AllOffices, a.Offices = true, nil }),
		"Elsewhere": f.guard("Elsewhere", func(a *application.Application) { a.Offices = []string{"OTHER"} }),
		"Superusers": f.guard("Superusers", func(a *application.Application) {
			a.Roles = []account.Role{account.RoleSuperuser}
		}),
		"Twofold": f.guard("Twofold", func(a *application.Application) { a.RequireTwoFactor = true }),
		"Recent":  f.guard("Recent", func(a *application.Application) { a.MaxFactorAge = time.Minute }),
		"Closed":  f.guard("Closed", func(*application.Application) {}),
		"Off":     f.guard("Off", func(*application.Application) {}),
	}
	f.Exec("update applications set disabled_at = now() where name = 'Closed'")
	f.Exec(fmt.Sprintf("insert into office_applications (office_id, application_id, roles, off) values (%d, %d, "+
		"'{user,accountant,superuser}', true)", f.users["ACME/user"].OfficeID, ids["Off"]))
	seen := map[bool]int{}
	for who, user := range f.users {
		for _, factors := range [][]string{nil, {"sms"}} {
			token := session.NewToken()
			factory.Session(t, f.pool, user.ID, factory.SessionOpts{
				TokenHash: token.Hash(), UserAgent: "test", Life: time.Hour, Factors: factors,
			})
			sess, err := f.services.Sessions.Load(context.Background(), token)
			if err != nil {
				t.Fatal(err)
			}
			body := f.ask(http.MethodGet, paths.Applications, "nightlatch="+string(token), "").Body.String()
			for name, id := range ids {
				door, _, url, err := f.services.Applications.Demands(context.Background(), id, user.OfficeID)
				if err != nil {
					t.Fatal(err)
				}
				refusal := door.Decide(application.VisitorOf(sess))
				want := refusal == application.Allowed || refusal.Mendable()
				seen[want]++
				if got := strings.Contains(body, `href="`+url+`"`); got != want {
					t.Errorf("%s with %v: %s is shown: %v; the door says %q", who, factors, name, got, refusal)
				}
			}
		}
	}
	if seen[true] < 10 || seen[false] < 10 {
		t.Errorf("shown and not: %v", seen)
	}
}

// A log-in leads to My settings where there is nothing to open, straight on to the only application unless its user
// does not want that, and otherwise to all.
func TestALogInLeadsToWhatItsUserOpens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	leads := func(want string) {
		t.Helper()
		cookie := f.in("ACME/user")
		if got := where(f.ask(http.MethodGet, paths.Start, cookie+"; nightlatch-arrived=yes", "")); got != want {
			t.Errorf("led to %s, not to %s", got, want)
		}
	}
	leads(paths.Me)
	f.guard("Payroll", func(*application.Application) {})
	leads(paths.ApplicationOnly)
	cookie := f.in("ACME/user")
	if got := where(f.ask(http.MethodGet, paths.Start, cookie, "")); got != paths.Applications {
		t.Errorf("without a log-in: led to %s", got)
	}
	rec := f.ask(http.MethodGet, paths.ApplicationOnly, cookie, "")
	if got := rec.Header().Get("Refresh"); rec.Code != http.StatusOK || got != "0; url=https://payroll.example/" {
		t.Errorf("%d, Refresh %q", rec.Code, got)
	}
	f.ask(http.MethodPost, paths.MyOnly, cookie, "only=no")
	leads(paths.Applications)
	f.ask(http.MethodPost, paths.MyOnly, cookie, "only=yes")
	leads(paths.ApplicationOnly)
	f.guard("Ledger", func(*application.Application) {})
	leads(paths.Applications)
}
