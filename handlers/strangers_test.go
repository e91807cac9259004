package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/network"
)

// strangersTables is where a stranger's forms leave rows.
var strangersTables = []string{
	"password_failures", "refused_logins", "audit_events", "password_reset_requests", "sso_flows", "sessions", "river_job",
	"login_networks", "known_browsers", "factor_failures", "notices",
}

// What a stranger can write, form by form, from one address, from a line of IPv6 with its 65 536 networks, and from
// behind a proxy that nobody named: a bound of rows in every table, and none at all for what is refused.
func TestAStrangersRowsAreBounded(t *testing.T) {
	t.Parallel()
	const tries = 120
	for _, from := range []struct {
		name    string
		address func(i int) string
	}{
		{"IPv4", func(int) string { return "203.0.113.9" }},
		{"a network of IPv6", func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i+1) }},
		{"a site of IPv6", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i) }},
		{"a proxy, not named", func(int) string { return "127.0.0.1" }},
	} {
		t.Run(from.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			post := &strangersPost{}
			f.serveAccounts(post, post)
			f.site = f.rebuild(f.services)
			f.provide(federationtest.Start(t))
			f.operator()
			f.Exec("update offices set two_factor_required = true")
			f.coarse(25)
			wide := strings.HasPrefix(from.name, "a site")
			own := network.Of(from.address(0)).Own()
			most := func(function string) int {
				return f.Int("select "+function+"($1, $2)", wide, own)
			}
			names := f.Int("select max_failing_names($1, $2, false)", wide, own)
			for form, at := range map[string]struct {
				path   string
				values func(i int) string
				rows   map[string]int
			}{
				"many names": {"/login", func(i int) string {
					return form("office", "ACME", "username", fmt.Sprint("nobody", i), "password", "wrong")
				}, map[string]int{"password_failures": 2 * names, "refused_logins": 3 * names, "audit_events": 3 * names}},
				"one name": {"/login", func(int) string {
					return form("office", "ACME", "username", "user", "password", "wrong")
				}, map[string]int{"password_failures": 30, "refused_logins": 30, "audit_events": 30}},
				"operators' names": {"/operator/login", func(i int) string {
					return form("username", fmt.Sprint("nobody", i), "password", "wrong")
				}, map[string]int{"password_failures": 2 * names, "refused_logins": 3 * names, "audit_events": 3 * names}},
				"the right password": {"/login", func(int) string {
					return form("office", "ACME", "username", "accountant", "password", password)
				}, map[string]int{
					"sessions": most("max_begun_log_ins"), "audit_events": 2 * most("max_begun_log_ins"),
					"password_failures": 2,
				}},
				"forgotten passwords": {"/login/forgot", func(i int) string {
					return form("office", "ACME", "username", fmt.Sprint("nobody", i))
				}, map[string]int{"password_reset_requests": most("max_reset_requests")}},
				"one forgotten password": {"/login/forgot", func(int) string {
					return form("office", "ACME", "username", "user")
				}, map[string]int{"password_reset_requests": 3}},
				"single sign-on": {"/login/sso", func(int) string { return form("office", "ACME") },
					map[string]int{"sso_flows": most("max_sso_flows")}},
			} {
				f.Exec("delete from password_failures; delete from password_reset_requests; delete from login_networks")
				f.Exec("delete from sessions; delete from refused_logins")
				before := f.rows()
				refused := 0
				for i := range tries {
					kept := f.rows()
					if f.posted(at.path, at.values(i), from.address(i)) != http.StatusTooManyRequests {
						continue
					}
					if refused++; fmt.Sprint(f.rows()) != fmt.Sprint(kept) {
						t.Fatalf("%s: who is refused writes %v, %v before", form, f.rows(), kept)
					}
				}
				bound := 0
				for _, n := range at.rows {
					bound = max(bound, n)
				}
				if refused == 0 && bound < tries && form != "one forgotten password" {
					t.Errorf("%s: nobody was refused", form)
				}
				if asked := f.Int("select count(*) from password_reset_requests"); post.jobs != asked {
					t.Errorf("%s: %d jobs for %d requests", form, post.jobs, asked)
				}
				post.jobs = 0
				for table, n := range f.rows() {
					if n -= before[table]; n > at.rows[table] {
						t.Errorf("%s: %d rows in %s, at most %d", form, n, table, at.rows[table])
					}
				}
			}
		})
	}
}

// strangersPost counts the jobs that requests for a new password cause.
type strangersPost struct{ jobs int }

func (*strangersPost) CanMail() bool { return true }

func (*strangersPost) Mail(context.Context, pgx.Tx, account.Mail) error { return nil }

func (p *strangersPost) AnswerForgotten(context.Context, pgx.Tx, int64) error {
	p.jobs++
	return nil
}

// coarse makes the limits of own networks small enough to be met by a test.
func (f *fixture) coarse(most int) {
	f.t.Helper()
	for _, function := range []string{
		"max_failing_names(wide boolean, own boolean, trusted boolean)", "max_begun_log_ins(wide boolean, own boolean)",
		"max_reset_requests(wide boolean, own boolean)", "max_sso_flows(wide boolean, own boolean)",
	} {
		name, _, _ := strings.Cut(function, "(")
		body := f.Text("select substring(pg_get_functiondef($1::regproc) from 'RETURN (.*)$')", name)
		f.Exec(fmt.Sprintf(`create or replace function %s returns integer language sql immutable parallel safe
			return case when own then %d else %s end`, function, most, body))
	}
}

func (f *fixture) rows() map[string]int {
	f.t.Helper()
	n := map[string]int{}
	for _, table := range strangersTables {
		n[table] = f.Int("select count(*) from " + table)
	}
	return n
}

// posted is the status of a form that came from an address.
func (f *fixture) posted(path, form, address string) int {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "[" + address + "]:4711"
	if !strings.Contains(address, ":") {
		r.RemoteAddr = address + ":4711"
	}
	rec := httptest.NewRecorder()
	f.site.ServeHTTP(rec, r)
	return rec.Code
}
