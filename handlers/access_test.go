package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/session"
)

// canary stands in everything of ACME that somebody else must not read.
const canary = "Canary-of-Acme"

// accessFixture is a fixture in which every visitor of the table can stand: it is put back as it was after each act.
type accessFixture struct {
	*fixture
	tables []string // those with rows, which putBack restores
	empty  []string
	target int64 // another user of ACME, who has a factor
	app    int64 // an application for ACME, which is disabled: it opens nothing that the table does not know
	ids    map[string]int64
}

// newAccessFixture demands two factors of both offices, and gives everybody but one a confirmed number.
func newAccessFixture(t *testing.T) *accessFixture {
	t.Helper()
	f := &accessFixture{fixture: newFixture(t), ids: map[string]int64{}}
	f.site = f.rebuild(f.services, WithHooks(&heard{}, func() []string { return []string{hookToken} }))
	operator, _ := f.operator()
	f.Exec("update offices set two_factor_required = true")
	acme := f.users["ACME/user"].OfficeID
	f.target = factory.User(t, f.pool, acme, factory.UserOpts{Username: "target", Name: canary}).ID
	enrolling := factory.User(t, f.pool, acme, factory.UserOpts{Username: "enrolling", Name: "Somebody"}).ID
	for _, user := range f.users {
		factory.Number(t, f.pool, user.ID, factory.NumberOpts{})
	}
	factory.Number(t, f.pool, f.target, factory.NumberOpts{Number: "+31612999777"})
	f.Exec("insert into office_countries (office_id, country) select id, 'SE' from offices")
	f.ids = map[string]int64{
		"pending": f.users["ACME/user"].ID, "enrolling": enrolling, "user": f.users["ACME/user"].ID,
		"accountant": f.users["ACME/accountant"].ID, "superuser": f.users["ACME/superuser"].ID,
		"elsewhere": f.users["OTHER/superuser"].ID,
		"operator":  operator.ID, "half-operator": operator.ID,
	}
	f.app = f.register("Payroll", func(a *application.Application, _ *issuer.Registration) {
		a.AllOffices, a.Offices = false, []string{"ACME"}
	}).app
	f.Exec("update applications set disabled_at = now(), picture = '\\x89504e47'")
	f.keep()
	return f
}

// keep remembers every table of ours as it is, the audit log apart, which nobody can put back. What others point to
// is first.
func (f *accessFixture) keep() {
	f.t.Helper()
	ctx := context.Background()
	rows, err := f.pool.Query(ctx, `select tablename from pg_tables where schemaname = 'public'
		and tablename !~ '^(river|goose|installation|audit_)'
			order by tablename <> 'offices', tablename <> 'users', tablename <> 'applications', tablename`)
	if err != nil {
		f.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	f.Exec("create schema kept")
	for _, name := range all {
		if f.ID("select count(*) from "+name) == 0 {
			f.empty = append(f.empty, name)
			continue
		}
		f.tables = append(f.tables, name)
		f.Exec("create table kept." + name + " as table " + name)
	}
}

// putBack makes everything as it was; nobody has a session.
func (f *accessFixture) putBack() {
	f.t.Helper()
	ctx := context.Background()
	tx, err := f.pool.Begin(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	var do []string
	for _, name := range slices.Concat(f.tables, f.empty) {
		do = append(do, "delete from "+name)
	}
	for _, name := range f.tables {
		// What a trigger has put back already is the same.
		do = append(do, "insert into "+name+" overriding system value select * from kept."+name+" on conflict do nothing")
	}
	for _, sql := range do {
		if _, err := tx.Exec(ctx, sql); err != nil {
			f.t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		f.t.Fatal(err)
	}
}

// visit makes a fresh session of a visitor and answers its cookie and its id.
func (f *accessFixture) visit(visitor string) (cookie string, id int64) {
	f.t.Helper()
	user, ok := f.ids[visitor]
	if !ok {
		return "", 0
	}
	return f.session(user, !slices.Contains([]string{"pending", "enrolling", "half-operator"}, visitor))
}

func (f *accessFixture) session(user int64, in bool) (cookie string, id int64) {
	f.t.Helper()
	token := session.NewToken()
	o := factory.SessionOpts{TokenHash: token.Hash(), UserAgent: "test", Life: time.Hour}
	if in {
		o.Factors = []string{"sms"}
	}
	id = factory.Session(f.t, f.pool, user, o).ID
	return "nightlatch=" + string(token), id
}

// fill puts ids of ACME into a route's path: of another user, or of a session, which is the visitor's own unless
// they are of elsewhere.
func (f *accessFixture) fill(path, visitor string, own int64) string {
	id := f.target
	if strings.Contains(path, paths.OperatorApplications+"/") || strings.Contains(path, paths.OfficeApplications+"/") {
		id = f.app
	}
	if strings.Contains(path, "/sessions/") {
		if id = own; visitor == "elsewhere" || own == 0 {
			_, id = f.session(f.users["ACME/user"].ID, true)
		}
	}
	return strings.NewReplacer(":id", fmt.Sprint(id), ":token", hookToken, ":ref", "abcdefghijklmnopqrstuvwxyz.1", "*",
		"x").Replace(path)
}

// outcome puts an answer into the words of the table.
func outcome(rec *httptest.ResponseRecorder, where string) string {
	switch {
	case rec.Code == http.StatusForbidden:
		return "403"
	case rec.Code == http.StatusNotFound:
		return "404"
	case rec.Code >= 500 || rec.Code == http.StatusMethodNotAllowed:
		return fmt.Sprint(rec.Code)
	}
	switch where {
	case "/login", "/login (over)":
		return "log-in"
	case "/login/second-step":
		return "2nd"
	case "/settings/me":
		return "home"
	case "/operator/login", "/operator/login (over)":
		return "op:log-in"
	case "/operator/login/code":
		return "op:2nd"
	case "/operator":
		return "op:home"
	}
	return "ok"
}

// led reports whether a word of the table is a guard's way to another page.
func led(word string) bool { return word != "ok" && word != "403" && word != "404" }

// never are the methods of a route for any method that are refused before it.
func never(method string) bool {
	return slices.Contains([]string{http.MethodTrace, http.MethodConnect, echo.PROPFIND, echo.REPORT}, method)
}

func TestTheTableOfAccessIsWhatTheSiteDoes(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	f := newAccessFixture(t)
	used, cells := map[string]bool{}, 0
	for _, route := range f.site.Routes() {
		if route.Method == echo.RouteNotFound {
			route.Method = http.MethodGet // an unknown address
		}
		if never(route.Method) {
			if rec := f.ask(route.Method, route.Path, "", ""); rec.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answers %d", route.Method, route.Path, rec.Code)
			}
			continue
		}
		row, ok := rowOf(rows, route.Method, route.Path)
		used[row.Method+" "+row.Path] = true
		is := access.Row{Method: route.Method, Path: route.Path, Outcome: map[string]string{}}
		for _, visitor := range access.Visitors {
			cells++
			is.Outcome[visitor] = f.cell(route, visitor, row.Outcome[visitor])
		}
		if !ok {
			t.Errorf("handlers/access/access.txt has no line for this route. What it answers now is below: judge each "+
				"cell, add the line, and run make generate\n%s", lineOf(is))
		}
	}
	for _, r := range rows {
		if !used[r.Method+" "+r.Path] {
			t.Errorf("access.txt has a line for %s %s, which the router does not know", r.Method, r.Path)
		}
	}
	if cells < 500 {
		t.Errorf("only %d cells were asked", cells)
	}
	t.Logf("%d cells", cells)
}

// cell asks one cell for real, and returns what came of it. want is "" for a route without a line.
func (f *accessFixture) cell(route *echo.Route, visitor, want string) string {
	f.t.Helper()
	f.putBack()
	name := fmt.Sprintf("%s %s as %s", route.Method, route.Path, visitor)
	cookie, own := f.visit(visitor)
	path := f.fill(route.Path, visitor, own) // which may begin a session, and so its user's hours of grace
	before := f.untouched(visitor)
	posted := everything
	if route.Method == http.MethodGet {
		posted = ""
	}
	rec := f.ask(route.Method, path, cookie, posted)
	got := outcome(rec, where(rec))
	if want != "" && got != want {
		f.t.Errorf("%s: %s (%d %s), and the table says %s", name, got, rec.Code, where(rec), want)
	}
	mayRead := want == "ok" && visitor != "elsewhere"
	if body := rec.Body.String(); !mayRead && (strings.Contains(body, canary) || strings.Contains(body, "999777")) {
		f.t.Errorf("%s: the answer shows what is not for this visitor", name)
	}
	if want == "ok" && visitor != "elsewhere" {
		return got
	}
	// Who is not let in changed nothing, nor did who is of elsewhere in this office.
	if after := f.untouched(visitor); after != before {
		f.t.Errorf("%s: something changed", name)
	}
	if led(got) && want != "ok" {
		again, _ := f.visit(visitor)
		part := f.ask(route.Method, path, again, posted, "HX-Request-Type", "partial")
		if as := outcome(part, part.Header().Get("HX-Redirect")); part.Code != http.StatusUnauthorized || as != got ||
			part.Body.Len() > 0 {
			f.t.Errorf("%s: as a fragment %s (%d)", name, as, part.Code)
		}
	}
	return got
}

// untouched is a checksum of what a visitor who is not let in must leave as it is: all of it but the count of tries,
// and for who is of elsewhere all of ACME.
func (f *accessFixture) untouched(visitor string) string {
	if visitor != "elsewhere" {
		return f.sum(append([]string{"office_countries", "notices", "recovery_sheets"}, guarded...)...)
	}
	acme := f.users["ACME/user"].OfficeID
	var sum *string
	err := f.pool.QueryRow(context.Background(), `select md5(string_agg(row, ',' order by row)) from (
		select o::text as row from offices o where id = $1 union all select u::text from users u where office_id = $1
		union all select m::text from mobile_numbers m join users u on u.id = m.user_id where u.office_id = $1
		union all select c::text from office_countries c where office_id = $1
		union all select s.ended_at::text from sessions s join users u on u.id = s.user_id where u.office_id = $1) rows`,
		acme).Scan(&sum)
	if err != nil || sum == nil {
		f.t.Fatal(err)
	}
	return *sum
}

func TestThePageOfAccessShowsTheTable(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/access.md")
	if err != nil || string(page) != access.Markdown(rows) {
		t.Errorf("docs/access.md is not what access.txt says: run make generate (%v)", err)
	}
}

func TestATableOfAccessWithAMistakeIsRefused(t *testing.T) {
	t.Parallel()
	nine := strings.Repeat(" ok", len(access.Visitors))
	for _, text := range []string{
		"GET /x ok", "GET /x" + nine, "GET /x" + nine + " perhaps", "GET /x" + nine + " - ok",
		"GET /x" + strings.Replace(nine, "ok", "perhaps", 1) + " -", "GET /x" + nine + " -\nGET /x" + nine + " -",
	} {
		if _, err := access.Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// rowOf returns the line of a route: its own, or that of all methods of its path.
func rowOf(rows []access.Row, method, path string) (access.Row, bool) {
	for _, m := range []string{method, "*"} {
		for _, r := range rows {
			if r.Method == m && r.Path == path {
				return r, true
			}
		}
	}
	return access.Row{}, false
}

// lineOf is a row as the table writes it.
func lineOf(r access.Row) string {
	line := fmt.Sprintf("%-6s %-38s", r.Method, r.Path)
	for _, v := range access.Visitors {
		line += fmt.Sprintf(" %-*s", max(len(v), 9), r.Outcome[v])
	}
	return line + " -"
}
