package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// The column fresh of access.txt, asked route by route: of who is let in with a session two hours old, and with one
// whose factor was proven just now. A user whose proof is stale changes nothing.
func TestTheColumnFreshIsWhatTheSiteAsks(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	f := newAccessFixture(t)
	asked := 0
	for _, row := range rows {
		visitor := f.letIn(row)
		if visitor == "" {
			if row.Fresh {
				t.Errorf("%s %s: fresh, and nobody who is signed in is let in", row.Method, row.Path)
			}
			continue
		}
		method := row.Method
		if method == "*" {
			method = http.MethodPost
		}
		before := ""
		ask := func(age string) *httptest.ResponseRecorder {
			f.putBack()
			cookie, own := f.visit(visitor)
			f.Exec(fmt.Sprintf(`update sessions set created_at = now() - interval '%[1]s', password_at = now() -
				interval '%[1]s', second_factor_at = now() - interval '%[1]s' where id = %[2]d`, age, own))
			if row.Path == paths.MyAppRemove {
				factory.Authenticator(t, f.pool, f.ids[visitor], nil)
			}
			path := f.fill(row.Path, visitor, own)
			before = f.sum(guarded...)
			if strings.HasPrefix(row.Path, paths.UsersImport) && method == http.MethodPost {
				return f.upload(path, cookie, "username,name,email\nzoe,Zoe,z@example.org")
			}
			if method == http.MethodGet {
				return f.ask(method, path, cookie, "")
			}
			return f.ask(method, path, cookie, everything)
		}
		toStepUp := func(rec *httptest.ResponseRecorder) bool { return strings.HasPrefix(where(rec), paths.StepUp+"?next=") }
		if toStepUp(ask("1 minute")) {
			t.Errorf("%s %s asks %s for a step-up who has just taken one", row.Method, row.Path, visitor)
		}
		rec := ask("2 hours")
		if toStepUp(rec) != row.Fresh {
			t.Errorf("%s %s: two hours after the proof %s is led to %q (%d), and the table says fresh: %v", row.Method,
				row.Path, visitor, where(rec), rec.Code, row.Fresh)
		}
		if row.Fresh {
			asked++
			if f.sum(guarded...) != before {
				t.Errorf("%s %s: without a step-up something changed", row.Method, row.Path)
			}
		}
	}
	if asked < 29 {
		t.Errorf("only %d routes ask for a step-up", asked)
	}
}

// stale are the acts of superusers and accountants that take no step-up, each with the reason.
var stale = map[string]string{
	paths.OfficeGeneral:       "asks the question, and saves nothing",
	paths.OfficeSwitch:        "turns a draft, and saves nothing",
	paths.OfficeSSOTest:       "a round trip whose report it shows",
	paths.UsersEndSessions:    "ending sessions must be quick in need",
	paths.UserEndSessions:     "ending sessions must be quick in need",
	paths.OfficeRolloutRemind: "a mail to who has something to do, at most once a day",
	paths.OfficeDrillEnd:      "asks nobody any more for what nobody needed",
	paths.UserResetAsk:        "a request, which a superuser grants with a step-up",
	paths.UserHelpRefuse:      "takes a request away, and nothing from its user",
	paths.UserResetDecline:    "takes a request away, and nothing from its user",
}

func TestEveryActOnAnOfficeTakesAStepUpOrHasAReason(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.Method != http.MethodPost || row.Outcome["user"] != "403" || row.Outcome["superuser"] != "ok" {
			continue
		}
		if _, excepted := stale[row.Path]; excepted == row.Fresh {
			t.Errorf("POST %s: fresh is %v, with a reason: %v", row.Path, row.Fresh, excepted)
		}
	}
}

// letIn is the least visitor with a finished log-in whom a route lets in, as a page of theirs does, or "".
func (f *accessFixture) letIn(row access.Row) string {
	for _, visitor := range []string{"user", "accountant", "superuser", "operator"} {
		settings := strings.HasPrefix(row.Path, paths.Settings)
		if row.Outcome[visitor] == "ok" || row.Outcome[visitor] == "home" && settings {
			return visitor
		}
	}
	return ""
}
