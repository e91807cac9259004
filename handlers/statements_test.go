package handlers

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/poll"
	"github.com/nightlatch/nightlatch/internal/session"
)

var lineShown = regexp.MustCompile(`hx-headers='\{"Shown": "([^"]+)"\}'`)

// A page that waits and shows what is true costs the database nothing; whatever moves its message is told at once.
func TestAPollWithoutNewsAsksNothing(t *testing.T) {
	t.Parallel()
	pool, _, statements := dbtest.Counted(t)
	f := fixtureOver(t, dbtest.Of(t, pool), pool)
	now := time.Now()
	services := f.services
	services.Polls = poll.NewMemory(f.factors.News, func() time.Time { return now }, factory.Logger())
	f.site = f.rebuild(services)
	f.numbers(factory.NumberOpts{})
	f.Exec("update offices set two_factor_required = true")
	for _, news := range []string{
		"update messages set state = 'retrying'",
		"update messages set state = 'accepted', accepted_at = now(), changed_at = now()",
		"update messages set reason = 'other_provider'",
		"update messages set state = 'failed', reason = 'number', final = true",
		"update messages set state = 'delivered', accepted_at = now(), final = true",
		"update challenges set ended_at = now(), outcome = 'replaced', code_ct = null",
		"update challenges set expires_at = now()",
		"update challenges set asked_at = asked_at - interval '1 minute'",
		"update sessions set ended_at = now()",
		"update sessions set expires_at = now()",
	} {
		cookie := f.in("ACME/user")
		f.ask(http.MethodPost, "/login/send", cookie, "")
		shown := lineShown.FindStringSubmatch(f.ask(http.MethodGet, "/login/code", cookie, "").Body.String())
		if shown == nil {
			t.Fatal("the code page does not poll")
		}
		ask := func() (status int, asked []string) {
			asked, _ = statements.Of(func() {
				status = f.ask(http.MethodGet, "/login/message", cookie, "", web.HeaderShown, shown[1]).Code
			})
			if err := services.Polls.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			return status, asked
		}
		for i, want := range []int{2, 2, 0, 0} {
			if status, asked := ask(); status != http.StatusNoContent || len(asked) != want {
				t.Fatalf("poll %d is answered %d, and asks %v", i+1, status, asked)
			}
		}
		f.Exec(news)
		if err := services.Polls.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, asked := ask(); len(asked) == 0 {
			t.Errorf("not told: %s", news)
		}
		f.Exec("delete from sessions")
	}
}

// To see the code page after the password costs so many statements and one redirect, and the code so many more. What
// enqueues the code is counted where the real queue is; without cookies the password asks two less.
func TestALogInAsksLittle(t *testing.T) {
	t.Parallel()
	pool, _, statements := dbtest.Counted(t)
	f := fixtureOver(t, dbtest.Of(t, pool), pool)
	f.numbers(factory.NumberOpts{})
	f.Exec("update users set password_form = 'read'")
	f.Exec("update offices set two_factor_required = true")
	browser := "nightlatch-browser=" + string(session.NewToken()) + "; nightlatch-zone=Europe/Amsterdam"
	cookie := browser
	for _, act := range []struct {
		name, path, leads  string
		asks, transactions int
	}{
		{"the password", "/login", "/login/code", 12, 2},
		{"the page of the code", "", "", 2, 0},
		{"the code", "/login/code", "/settings/me", 13, 2},
	} {
		method, body := http.MethodPost, form("office", "ACME", "username", "user", "password", password)
		switch act.path {
		case "":
			method, act.path, body = http.MethodGet, "/login/code", ""
		case "/login/code":
			body = form("code", f.code())
		}
		asked, transactions := statements.Of(func() {
			rec := f.ask(method, act.path, cookie, body)
			if where(rec) != act.leads {
				t.Errorf("%s leads to %s", act.name, where(rec))
			}
			if set := valueOf(rec, web.CookieSession); set != "" {
				cookie = browser + "; nightlatch=" + set
			}
		})
		if len(asked) != act.asks || transactions != act.transactions {
			t.Errorf("%s asks %d in %d transactions: %v", act.name, len(asked), transactions, asked)
		}
	}
}

// code is what the text message under way says.
func (f *fixture) code() string {
	f.t.Helper()
	var ref string
	var sealed []byte
	err := f.pool.QueryRow(f.t.Context(), "select ref, code_ct from challenges where ended_at is null").Scan(&ref, &sealed)
	if err != nil {
		f.t.Fatal(err)
	}
	code, err := f.factors.OpenCode(ref, sealed)
	if err != nil {
		f.t.Fatal(err)
	}
	return code
}
