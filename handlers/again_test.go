package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

// Whoever is not in, a stranger or the holder of a password, posts one form again and again: whatever the route, the
// tables stop growing. Which of many networks and names a stranger may use has tests of its own.
func TestAskingAgainAndAgainFillsNoTable(t *testing.T) {
	t.Parallel()
	const first, more, most = 2, 38, 16
	for visitor, prepare := range map[string]func(f *fixture) (cookie string){
		"a stranger": func(*fixture) string { return "" },
		"a holder who is sent no more codes": func(f *fixture) string {
			factory.Number(t, f.pool, f.users["ACME/user"].ID, factory.NumberOpts{})
			for range 3 {
				f.in("ACME/user")
			}
			return f.in("ACME/user")
		},
		"a holder where no factor is yet": func(f *fixture) string { return f.in("ACME/user") },
		"a holder where a word is owed": func(f *fixture) string {
			f.Exec("insert into enrolment_words (user_id, word_mac, expires_at) values ($1, 'x', now() + interval '1 day')",
				f.users["ACME/user"].ID)
			return f.in("ACME/user")
		},
	} {
		t.Run(visitor, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Exec("update offices set two_factor_required = true")
			posts := 0
			for _, route := range f.site.Routes() {
				if route.Method != http.MethodPost {
					continue
				}
				f.Exec("delete from sessions; delete from factor_failures; delete from password_failures")
				f.Exec("delete from mobile_numbers; delete from enrolment_words")
				cookie := prepare(f)
				before := f.allRows()
				f.again(route, cookie, 0, first)
				if f.allRows() == before {
					continue // nothing is written, now or later
				}
				posts++
				if f.again(route, cookie, first, more); f.allRows()-before > most {
					t.Errorf("%s: %d forms wrote %d rows", route.Path, first+more, f.allRows()-before)
				}
			}
			if posts == 0 {
				t.Error("no form writes anything")
			}
		})
	}
}

// again posts a form n times, each time with another number and code.
func (f *fixture) again(route *echo.Route, cookie string, from, n int) {
	path := strings.NewReplacer(":id", "1", ":token", "x", "*", "x").Replace(route.Path)
	for i := from; i < from+n; i++ {
		f.ask(http.MethodPost, path, cookie, fmt.Sprintf("number=%%2B316%d%07d&code=%06d", i%2+1, i*1001, i)+
			"&password=x&country=NL&method=sms&shown=yes&up_to=1&next=/settings/me&office=ACME&username=user&language=nl")
	}
}

// allRows is how many rows there are in all tables.
func (f *fixture) allRows() int {
	f.t.Helper()
	return f.Int(`select sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', tablename), false,
		true, '')))[1]::text::int) from pg_tables where schemaname = 'public'`)
}
