package handlers

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
	"github.com/nightlatch/nightlatch/internal/session"
)

// queuePage stands where River UI stands, and remembers what reaches it.
type queuePage struct {
	mu   sync.Mutex
	seen []string // method, path and body
}

const queueBody = "the page of the queue"

func (q *queuePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seen = append(q.seen, r.Method+" "+r.URL.Path+" "+string(body))
	_, _ = io.WriteString(w, queueBody)
}

func (q *queuePage) asked() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.seen)
}

// operator makes the operator ops, and returns the key of their app.
func (f *fixture) operator() (account.User, otp.Secret) {
	f.t.Helper()
	ctx := context.Background()
	id, err := f.services.Accounts.CreateOperator(ctx, "ops", password, audit.CommandLine)
	if err != nil {
		f.t.Fatal(err)
	}
	enrolment, err := f.factors.EnrolOperator(ctx, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return account.User{ID: id, Username: "ops", Role: account.RoleOperator, PasswordVersion: 1}, enrolment.Secret
}

// pendingOperator is the cookie of an operator's half-finished log-in.
func (f *fixture) pendingOperator(user account.User) string {
	f.t.Helper()
	token, err := f.factors.BeginOperator(context.Background(), user, session.Client{Address: "192.0.2.1"})
	if err != nil {
		f.t.Fatal(err)
	}
	return "nightlatch=" + string(token)
}

// appCode is what the app shows, so many steps from now.
func appCode(t testing.TB, secret otp.Secret, steps int64) string {
	t.Helper()
	return otptest.Code(t, secret, otp.Step(time.Now())+steps)
}

func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// cookieOf is the session that an answer hands out.
func cookieOf(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	found := ""
	for _, c := range rec.Result().Cookies() {
		if strings.TrimPrefix(c.Name, "__Host-") == web.CookieSession {
			if found != "" {
				t.Error("an answer sets the session's cookie twice")
			}
			found = "nightlatch=" + c.Value
		}
	}
	return found
}

// operatorIn is the cookie of an operator who is in.
func (f *fixture) operatorIn(secret otp.Secret, steps int64) string {
	f.t.Helper()
	rec := f.ask("POST", "/operator/login", "", form("username", "ops", "password", password, "code",
		appCode(f.t, secret, steps)))
	if rec.Code != http.StatusSeeOther || where(rec) != "/operator" {
		f.t.Fatalf("the log-in answers %d %s", rec.Code, where(rec))
	}
	return cookieOf(f.t, rec)
}

// operatorRoutes are all routes under /operator but the log-in form itself, which is everybody's.
func (f *fixture) operatorRoutes(t *testing.T) []*echo.Route {
	t.Helper()
	var found []*echo.Route
	for _, r := range f.site.Routes() {
		if r.Method != echo.RouteNotFound && !never(r.Method) && strings.HasPrefix(r.Path, "/operator") &&
			r.Path != "/operator/login" {
			found = append(found, r)
		}
	}
	if len(found) < 18 {
		t.Fatalf("the router knows only %d operators' routes", len(found))
	}
	return found
}

var operatorsToo = append([]string{"sessions", "known_browsers"}, guarded...)

func TestAnOperatorSignsInWithAllThree(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.operator()
	cookie := f.operatorIn(secret, -1)
	if rec := f.ask("GET", "/operator/history", cookie, ""); rec.Code != http.StatusOK ||
		!strings.Contains(rec.Body.String(), "The command line created the operator ops") {
		t.Errorf("the history answers %d %s", rec.Code, rec.Body)
	}
	if n := f.ID(fmt.Sprintf(`select extract(epoch from expires_at - created_at)::bigint from sessions where user_id = %d
		and level = 2`, user.ID)); n < 8*3600-60 || n > 8*3600+60 {
		t.Errorf("an operator's session lasts %d s, not 8 h", n)
	}
	// A code serves once: the same one again leaves a half-finished log-in.
	rec := f.ask("POST", "/operator/login", "", form("username", "ops", "password", password, "code",
		appCode(t, secret, -1)))
	if to := where(rec); rec.Code != http.StatusSeeOther ||
		to != "/operator/login/code (wrong)" {
		t.Errorf("a used code answers %d %s", rec.Code, to)
	}
	if rec := f.ask("GET", "/operator/history", cookieOf(t, rec),
		""); where(rec) != "/operator/login/code" {
		t.Errorf("with a used code the history answers %d", rec.Code)
	}
	// Nor does the one session survive 15 minutes without a click.
	f.Exec("update sessions set last_seen_at = now() - interval '14 minutes'")
	if rec := f.ask("GET", "/operator/history", cookie, ""); rec.Code != http.StatusOK {
		t.Errorf("after 14 minutes the history answers %d", rec.Code)
	}
	f.Exec("update sessions set last_seen_at = now() - interval '15 minutes 1 second'")
	if rec := f.ask("GET", "/operator/history", cookie, ""); where(rec) != "/operator/login (idle-15)" {
		t.Errorf("after 15 minutes the history answers %d", rec.Code)
	}
}

func TestWithoutACodeAnOperatorIsAskedForItAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	rec := f.ask("POST", "/operator/login", "", form("username", "OPS ", "password", password))
	if rec.Code != http.StatusSeeOther || where(rec) != "/operator/login/code" {
		t.Fatalf("the log-in answers %d %s", rec.Code, where(rec))
	}
	cookie := cookieOf(t, rec)
	body := f.ask("GET", "/operator/login/code", cookie, "").Body.String()
	for _, part := range []string{"Verification code</label>", `autocomplete="one-time-code" inputmode="numeric"`,
		">Verify</button>", `action="/logout"`} {
		if !strings.Contains(body, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if rec := f.ask("POST", "/operator/login/code", cookie,
		form("code", "12")); rec.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(rec.Body.String(), "six digits") {
		t.Errorf("half a code answers %d", rec.Code)
	}
	if rec := f.ask("POST", "/operator/login/code", cookie,
		form("code", appCode(t, secret, 40))); rec.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(rec.Body.String(), "4 tries left") {
		t.Errorf("a wrong code answers %d", rec.Code)
	}
	rec = f.ask("POST", "/operator/login/code", cookie, form("code", appCode(t, secret, 0)))
	if rec.Code != http.StatusSeeOther || where(rec) != "/operator" || cookieOf(t, rec) == cookie ||
		cookieOf(t, rec) == "" {
		t.Errorf("the right code answers %d %s", rec.Code, where(rec))
	}
	if rec := f.ask("GET", "/operator/history", cookie, ""); rec.Code == http.StatusOK {
		t.Error("the token of before the code still serves")
	}
}

func TestFiveWrongCodesEndAnOperatorsLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.operator()
	cookie := f.pendingOperator(user)
	for try := 1; try <= 5; try++ {
		rec := f.ask("POST", "/operator/login/code", cookie, form("code", appCode(t, secret, int64(39+try))))
		if ended := where(rec) == "/operator/login (exhausted)"; ended != (try == 5) {
			t.Errorf("try %d answers %d %s", try, rec.Code, where(rec))
		}
	}
	if rec := f.ask("POST", "/operator/login/code", cookie,
		form("code", appCode(t, secret, 0))); where(rec) != "/operator/login (exhausted)" {
		t.Errorf("the right code after five wrong ones answers %d %s", rec.Code, where(rec))
	}
	if n := f.ID("select count(*) from sessions where ended_at is null"); n != 0 {
		t.Error("the half-finished log-in lives on")
	}
	// The owner is told at the next page, and puts it away.
	in := f.operatorIn(secret, 0)
	if body := f.ask("GET", "/operator/history", in, "").Body.String(); !strings.Contains(body, "five wrong codes") {
		t.Error("nobody tells the operator")
	}
	f.ask("POST", "/operator/notices", in, form("up_to", fmt.Sprint(f.ID("select max(id) from notices"))))
	if body := f.ask("GET", "/operator/history", in, "").Body.String(); strings.Contains(body, "five wrong codes") {
		t.Error("the notice stays")
	}
	// Ten in a row, over all log-ins, make the operator wait.
	f.Exec("update factor_failures set in_a_row = 9")
	cookie = f.pendingOperator(user)
	f.ask("POST", "/operator/login/code", cookie, form("code", appCode(t, secret, 40)))
	for _, rec := range []*httptest.ResponseRecorder{f.ask("GET", "/operator/login/code", cookie, ""),
		f.ask("POST", "/operator/login/code", cookie, form("code", appCode(t, secret, 1)))} {
		if !strings.Contains(rec.Body.String(), "you have to wait") {
			t.Errorf("after ten wrong codes the page answers %d %s", rec.Code, rec.Body)
		}
	}
}

// Each door has one answer for whoever is not let in, and both doors the same one.
func TestTheOperatorsDoorAnswersAsTheOtherOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.operator()
	bare := func(rec *httptest.ResponseRecorder, names ...string) string {
		body := rec.Body.String()
		for _, name := range names {
			body = strings.ReplaceAll(body, name, "NAME")
		}
		return fmt.Sprint(rec.Code, rec.Header(), body)
	}
	try := func(username, pass string) *httptest.ResponseRecorder {
		return f.ask("POST", "/operator/login", "nightlatch-browser=x", form("username", username, "password", pass, "code",
			"123456"))
	}
	wrong, nobody, users := bare(try("ops", "wrong"), "ops"), bare(try("nobody", password), "nobody"),
		bare(try("superuser", password), "superuser")
	if wrong != nobody || wrong != users || !strings.HasPrefix(wrong, "422") ||
		!strings.Contains(wrong, "That did not match.") {
		t.Errorf("a wrong password, no operator, and an office's user:\n%s\n%s\n%s", wrong, nobody, users)
	}
	f.ask("POST", "/login", "", form("office", "ACME", "username", "user", "password", "wrong"))
	for range 3 {
		try("ops", "wrong")
		f.ask("POST", "/login", "", form("office", "ACME", "username", "user", "password", "wrong"))
	}
	// A busy machine may sleep through the second that the fourth failure costs: the test makes it longer.
	f.Exec("update password_failures set next_try_at = next_try_at + interval '5 minutes'")
	here, there := try("ops", password),
		f.ask("POST", "/login", "", form("office", "ACME", "username", "user", "password", password))
	if here.Code != http.StatusTooManyRequests || there.Code != here.Code ||
		!strings.Contains(here.Body.String(), "Too many tries. Wait ") {
		t.Errorf("the fifth try answers %d here and %d there", here.Code, there.Code)
	}
	// An office's door knows no operators, whatever its code.
	for _, code := range []string{"", "operator", "OPERATOR", "0", "null"} {
		if rec := f.ask("POST", "/login", "", form("office", code, "username", "ops", "password",
			password)); rec.Code == http.StatusSeeOther {
			t.Errorf("office %q lets an operator in", code)
		}
	}
	if n := f.ID("select count(*) from sessions"); n != 0 {
		t.Errorf("%d sessions were begun", n)
	}
}

func TestAnOperatorReachesNothingOfTheOffices(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.operator()
	// As tempting as can be: no office's guard knows this number, and nothing may be sent to it.
	factory.Number(t, f.pool, user.ID, factory.NumberOpts{})
	full := f.operatorIn(secret, -1)
	bare := f.pendingOperator(user)
	for round, cookies := range [][]string{{bare, full}, {bare}} {
		if round == 1 {
			// Without any factor a user would enrol at the log-in.
			f.Exec("delete from authenticators")
			f.Exec("delete from mobile_numbers")
		}
		before := f.sum(guarded...)
		for _, cookie := range cookies {
			for _, route := range f.routes(t, 50) {
				for _, headers := range [][]string{nil, {"HX-Request-Type", "partial"}} {
					rec := f.ask(route.Method, target(route, f.users["ACME/user"].ID), cookie, everything, headers...)
					to := where(rec)
					if rec.Code != http.StatusSeeOther && rec.Code != http.StatusUnauthorized || to != "/operator" ||
						rec.Body.Len() > 0 {
						t.Errorf("round %d: %s %s %v answers %d %s %s", round, route.Method, route.Path, headers, rec.Code, to,
							rec.Body)
					}
				}
			}
			for _, path := range []string{"/", "/login"} {
				if rec := f.ask("GET", path, cookie, ""); where(rec) != "/operator" {
					t.Errorf("%s answers %d %s", path, rec.Code, where(rec))
				}
			}
		}
		if f.sum(guarded...) != before {
			t.Errorf("round %d: something changed", round)
		}
	}
	if n := f.ID("select count(*) from challenges") + f.ID("select count(*) from enrolments") + f.ID(
		"select count(*) from messages"); n != 0 {
		t.Errorf("%d challenges, enrolments and messages were made", n)
	}
}

func TestNobodyButAnOperatorReachesOperatorsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	operator, secret := f.operator()
	f.Exec("update offices set two_factor_required = true where code = 'OTHER'")
	half := f.pendingOperator(operator)
	for who, visit := range map[string]struct{ cookie, leads string }{
		"nobody": {"", "/operator/login"}, "an old session": {"nightlatch=" + string(session.NewToken()),
			"/operator/login (over)"},
		"half an operator": {half, "/operator/login/code"}, "half a user": {f.in("OTHER/superuser"), ""},
		"a user":        {f.in("ACME/user"), ""},
		"an accountant": {f.in("ACME/accountant"), ""}, "a superuser": {f.in("ACME/superuser"), ""},
	} {
		before := f.sum(append(operatorsToo, "audit_events")...)
		for _, route := range f.operatorRoutes(t) {
			path := strings.ReplaceAll(target(route, 1), "*", "api/jobs/retry")
			if who == "half an operator" && path == "/operator/login/code" {
				continue
			}
			rec := f.ask(route.Method, path, visit.cookie, `{"ids":["1"]}`)
			to, body := where(rec), rec.Body.String()
			if visit.leads != "" && (rec.Code != http.StatusSeeOther || to != visit.leads || body != "") ||
				visit.leads == "" && rec.Code != http.StatusNotFound {
				t.Errorf("%s: %s %s answers %d %s", who, route.Method, path, rec.Code, to)
			}
			if csp := rec.Header().Get("Content-Security-Policy"); strings.Contains(body, queueBody) ||
				strings.Contains(csp, "unsafe") {
				t.Errorf("%s: %s %s shows %s", who, route.Method, path, body)
			}
		}
		if f.sum(append(operatorsToo, "audit_events")...) != before {
			t.Errorf("%s changed something", who)
		}
	}
	// The form is everybody's, and has no data.
	for _, cookie := range []string{"", f.in("ACME/superuser"), f.in("OTHER/superuser")} {
		if rec := f.ask("GET", "/operator/login", cookie, ""); rec.Code != http.StatusOK ||
			strings.Contains(rec.Body.String(), "ACME") {
			t.Errorf("the form answers %d", rec.Code)
		}
	}
	if asked := f.queue.asked(); len(asked) != 0 {
		t.Errorf("the queue's page was asked for %v", asked)
	}
	full := f.operatorIn(secret, 0)
	for _, route := range f.operatorRoutes(t) {
		path := strings.ReplaceAll(target(route, 1), "*", "api/queues/sms_login/pause")
		rec := f.ask(route.Method, path, full, form("up_to", "1"))
		// A form without its values is refused with a sentence, and there is no challenge or
		// application 1, nor session 1 by then; no door is closed.
		named := strings.HasPrefix(path, "/operator/waiting/") || strings.HasPrefix(path, "/operator/applications/") ||
			strings.Contains(path, "/sessions/")
		closed := rec.Code == http.StatusForbidden || rec.Code == http.StatusNotFound && !named || rec.Code >= 500
		if closed && path != "/operator/login/code" {
			t.Errorf("an operator's %s %s answers %d", route.Method, path, rec.Code)
		}
	}
	if asked := f.queue.asked(); len(asked) < 10 {
		t.Errorf("the queue's page was only asked for %v", asked)
	}
}

func TestWhatAnOperatorDoesToJobsIsWrittenDownFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	cookie := f.operatorIn(secret, 0)
	details := func() (all []string) {
		rows, err := f.pool.Query(context.Background(),
			"select actor || ': ' || detail from audit_events where action = 'jobs_changed' and office_id is null order by id")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var detail string
			if err := rows.Scan(&detail); err != nil {
				t.Fatal(err)
			}
			all = append(all, detail)
		}
		return all
	}
	for _, r := range []struct{ method, path, body string }{
		{"GET", "/operator/jobs/api/jobs", ""},
		{"POST", "/operator/jobs/api/jobs/retry", `{"ids":["12",13]}`},
		{"PUT", "/operator/jobs/api/queues/sms_login/pause", ""},
		{"PATCH", "/operator/jobs/api/queues/a%0Ab", `{"x":1}`},
	} {
		if rec := f.ask(r.method, r.path, cookie, r.body); rec.Code != http.StatusOK {
			t.Errorf("%s %s answers %d", r.method, r.path, rec.Code)
		}
	}
	want := []string{"ops: POST /jobs/retry 12 13", "ops: PUT /queues/sms_login/pause", "ops: PATCH /queues/a%0Ab"}
	if got := details(); !slices.Equal(got, want) {
		t.Errorf("written down is %q", got)
	}
	if got := f.queue.asked(); !slices.Equal(got, []string{
		"GET /operator/jobs/api/jobs ", `POST /operator/jobs/api/jobs/retry {"ids":["12","13"]}`,
		"PUT /operator/jobs/api/queues/sms_login/pause ", "PATCH /operator/jobs/api/queues/a\nb {\"x\":1}",
	}) {
		t.Errorf("passed on is %q", got)
	}
	// A thousand jobs are written down one and all.
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"%d"`, 7_000_000+i)
	}
	f.ask("POST", "/operator/jobs/api/jobs/delete", cookie, `{"ids":[`+strings.Join(ids, ",")+`]}`)
	all := strings.Join(details(), " ")
	for _, id := range ids {
		if !strings.Contains(all, " "+strings.Trim(id, `"`)) {
			t.Fatalf("job %s is not written down", id)
		}
	}
	// What cannot be read, is too large, comes from elsewhere, or cannot be written down, is not passed on.
	before := len(f.queue.asked())
	for _, body := range []string{"", "{}", "[]", `{"ids":[]}`, `{"ids":["x"]}`, `{"ids":[1.5]}`,
		`{"ids":[1]} {"ids":[2]}`, `{"ids":"1"}`, `{"ids":[99999999999999999999]}`} {
		if rec := f.ask("POST", "/operator/jobs/api/jobs/cancel", cookie, body); rec.Code != http.StatusBadRequest {
			t.Errorf("%q answers %d", body, rec.Code)
		}
	}
	if rec := f.ask("POST", "/operator/jobs/api/jobs/cancel", cookie, `{"ids":["1"],"x":"`+strings.Repeat("x",
		70_000)+`"}`); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large request answers %d", rec.Code)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE"} {
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if rec := f.ask(method, "/operator/jobs/api/queues/sms_login/pause", cookie, "",
				headers...); rec.Code != http.StatusForbidden {
				t.Errorf("%s with %v answers %d", method, headers, rec.Code)
			}
		}
	}
	f.Exec("alter table audit_events rename column detail to gone")
	if rec := f.ask("POST", "/operator/jobs/api/jobs/cancel", cookie,
		`{"ids":["1"]}`); rec.Code != http.StatusInternalServerError {
		t.Errorf("without the history a change answers %d", rec.Code)
	}
	if got := f.queue.asked(); len(got) != before {
		t.Errorf("passed on was %q", got[before:])
	}
}

func TestThePollsOfTheQueuesPageDoNotKeepASessionAlive(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	cookie := f.operatorIn(secret, 0)
	for _, r := range []struct {
		method, path string
		touches      bool
	}{
		{"GET", "/operator/jobs/api/jobs", false}, {"GET", "/operator/jobs/api/states?x=1", false},
		{"HEAD", "/operator/jobs/%61pi/jobs", false}, {"OPTIONS", "/operator/jobs/api", false},
		{"GET", "/operator/jobs/", true}, {"GET", "/operator/jobs/jobs/1", true},
		{"PUT", "/operator/jobs/api/queues/sms_login/resume", true}, {"GET", "/operator/history", true},
	} {
		f.Exec("update sessions set last_seen_at = now() - interval '5 minutes'")
		if rec := f.ask(r.method, r.path, cookie, ""); rec.Code != http.StatusOK {
			t.Errorf("%s %s answers %d", r.method, r.path, rec.Code)
		}
		seen := f.ID("select count(*) from sessions where level = 2 and last_seen_at > now() - interval '1 minute'") == 1
		if seen != r.touches {
			t.Errorf("%s %s counts as activity: %v", r.method, r.path, seen)
		}
	}
}

func TestTheLooserPolicyStandsOnTheQueuesPageAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	cookie := f.operatorIn(secret, 0)
	for path, loose := range map[string]bool{"/operator/jobs": true, "/operator/jobs/queues": true,
		"/operator/history": false, "/operator/nowhere": false, "/operator/jobsx": false, "/operator/login": false} {
		csp := f.ask("GET", path, cookie, "").Header().Get("Content-Security-Policy")
		if strings.Contains(csp, "style-src 'self' 'unsafe-inline'") != loose ||
			strings.Contains(csp, "script-src 'self' ") || strings.Contains(csp, "unsafe-eval") ||
			!strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s has the policy %q", path, csp)
		}
	}
}

func TestAnOperatorLogsOutToTheOperatorsDoor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, secret := f.operator()
	for _, cookie := range []string{f.operatorIn(secret, 0), f.pendingOperator(user)} {
		if rec := f.ask("POST", "/logout", cookie, ""); where(rec) != "/operator/login (out)" {
			t.Errorf("log-out leads to %s", where(rec))
		}
		if rec := f.ask("GET", "/operator/history", cookie, ""); where(rec) != "/operator/login (other_tab)" {
			t.Errorf("after log-out the history answers %d", rec.Code)
		}
	}
	if body := f.ask("GET", "/operator/login", "nightlatch-told=out", "").Body.String(); !strings.Contains(body,
		"You are logged out.") {
		t.Error("the door does not say so")
	}
	// One browser, one session: whoever signs in takes the place of whoever was in.
	office := f.in("ACME/superuser")
	rec := f.ask("POST", "/operator/login", office, form("username", "ops", "password", password))
	if f.ask("GET", "/settings/me", office, "").Code == http.StatusOK || cookieOf(t, rec) == "" {
		t.Error("the office's session is left lying about")
	}
}

func TestTheOperatorsHistoryHasPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	cookie := f.operatorIn(secret, 0)
	f.Exec("insert into audit_events (action, actor) select 'sign_in_refused', '' from generate_series(1, 60)")
	body := f.ask("GET", "/operator/history", cookie, "").Body.String()
	if n := strings.Count(body, "data-action="); n != 50 ||
		!strings.Contains(body, "A log-in of Somebody was refused") || strings.Contains(body, "The office was created") {
		t.Errorf("the first page has %d events", n)
	}
	_, rest, _ := strings.Cut(body, `href="/operator/history?before=`)
	older, _, _ := strings.Cut(rest, `"`)
	if body := f.ask("GET", "/operator/history?before="+older, cookie, "").Body.String(); !strings.Contains(body,
		"ops logged in") || !strings.Contains(body, "Newest") {
		t.Errorf("the second page, before %q, is %s", older, body)
	}
	if rec := f.ask("GET", "/operator/history?before=x", cookie, ""); rec.Code != http.StatusBadRequest {
		t.Errorf("a page that is none answers %d", rec.Code)
	}
}

func TestTheQueuesPageStandsInOurFrame(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	cookie := f.operatorIn(secret, 0)
	f.waitingUser()
	services := f.services
	services.Jobs = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", "61")
		_, _ = io.WriteString(w, `<html><head><title>River</title></head><body class="x"></body>`)
	})
	f.site = f.rebuild(services)
	rec := f.ask("GET", "/operator/jobs/jobs/7", cookie, "")
	for _, want := range []string{"<title>Jobs · Nightlatch</title>", `<body class="x"><header class="nightlatch">`,
		`action="/logout"`, `href="/operator"`, `href="/operator/job-user"`, `name="language" value="nl"`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the page lacks %s: %s", want, rec.Body)
		}
	}
	if rec.Header().Get("Content-Length") == "61" {
		t.Error("the length is the old one")
	}
	if body := f.ask("GET", "/operator/jobs/api/x", cookie, "").Body.String(); strings.Contains(body, "nightlatch") {
		t.Error("what the page asks for is framed as well")
	}
	f.Exec(`insert into river_job (args, kind, max_attempts, queue, state)
		select jsonb_build_object('challenge_id', c.id, 'send_no', 1), 'send_code', 100, 'sms_login', 'available'
		from challenges c`)
	job := f.ID("select id from river_job")
	link := fmt.Sprintf(`<a class="mention" href="/operator/jobs/jobs/%d">%d</a>`, job, job)
	if !strings.Contains(f.ask("GET", searchUser, cookie, "").Body.String(), link) {
		t.Error("the story does not lead to the job")
	}
	for from, to := range map[string]string{fmt.Sprint(job): "/operator/waiting?office=ACME&username=user",
		"987654": "/operator/waiting (job_of_nobody)", "x": "/operator/waiting (job_of_nobody)"} {
		rec := f.ask("GET", "/operator/job-user", cookie, "", "Referer", "http://localhost/operator/jobs/jobs/"+from)
		if got := strings.TrimSuffix(where(rec), " ()"); got != to {
			t.Errorf("from job %s it leads to %q", from, got)
		}
	}
}

func TestBothHistoriesAreSearchedAndTakenAsAFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	boss := f.users["ACME/superuser"]
	for office, page := range map[int64]string{0: "/operator/history", boss.OfficeID: "/settings/office/history"} {
		var cookie string
		if office == 0 {
			cookie = f.operatorIn(secret, 0)
		} else {
			cookie = f.in("ACME/superuser")
			f.Exec("update sessions set password_at = now() where user_id = $1", boss.ID)
		}
		for i := range 60 {
			factory.AuditEvent(t, f.pool, time.Duration(i)*time.Hour, audit.Event{
				Office: office, Actor: audit.Person{Name: "=els"}, Action: audit.SignInRefused,
			})
		}
		factory.AuditEvent(t, f.pool, time.Minute, audit.Event{
			Office: office, Actor: audit.CommandLine, Subject: audit.Person{Name: "kees"}, Action: audit.UserCreated,
		})
		body := f.ask("GET", page+"?q=els&kind=log_ins", cookie, "", "Accept-Language", "nl").Body.String()
		if n := strings.Count(body, "<li data-action="); n != audit.PageSize || strings.Contains(body, "kees") {
			t.Errorf("%s: the search finds %d", page, n)
		}
		if days := strings.Count(body, `<h2 class="day">`); days < 3 {
			t.Errorf("%s: %d days have a head", page, days)
		}
		older := regexp.MustCompile(`href="(` + page + `\?before=\d+&amp;kind=log_ins&amp;q=els)"`).FindStringSubmatch(body)
		if older == nil {
			t.Fatalf("%s: the older ones are not of the same search", page)
		}
		body = f.ask("GET", html.UnescapeString(older[1]), cookie, "").Body.String()
		if n := strings.Count(body, "<li data-action="); n < 10 || n >= audit.PageSize {
			t.Errorf("%s: the older ones are %d", page, n)
		}
		rec := f.ask("POST", page+"/file", cookie, "q=kees&kind=users", "Accept-Language", "nl")
		file := rec.Body.String()
		if rec.Code != http.StatusOK || !strings.Contains(file, "kees") || strings.Contains(file, "els") ||
			strings.Contains(file, "command line") || !strings.Contains(rec.Header().Get("Content-Type"), "text/csv") {
			t.Errorf("%s: the file is %d %s", page, rec.Code, file)
		}
		if file := f.ask("POST", page+"/file", cookie, "").Body.String(); strings.Contains(file, `"=els`) {
			t.Errorf("%s: a cell is a formula", page)
		}
		if n := f.ID(`select count(*) from audit_events where action = 'history_exported'
			and coalesce(office_id, 0) = $1`, office); n != 2 {
			t.Errorf("%s: who took the file is written down %d times", page, n)
		}
	}
}

func TestAnOperatorChangesThePasswordAndEndsSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	other, cookie := f.operatorIn(secret, -1), f.operatorIn(secret, 0)
	body := f.ask("GET", "/operator/me", cookie, "").Body.String()
	end := regexp.MustCompile(`action="(/operator/me/sessions/\d+/end)"`).FindAllStringSubmatch(body, -1)
	if len(end) != 1 || !strings.Contains(body, "/operator/me/password") {
		t.Fatalf("the page lists %d other sessions", len(end))
	}
	if rec := f.ask("POST", end[0][1], cookie, ""); where(rec) != "/operator/me (session_ended)" {
		t.Errorf("ending a session answers %d %s", rec.Code, where(rec))
	}
	if rec := f.ask("GET", "/operator", other, ""); rec.Code == http.StatusOK {
		t.Error("the session lives on")
	}
	f.in("ACME/user")
	theirs := f.ID("select s.id from sessions s join users u on u.id = s.user_id where u.username = 'user'")
	if rec := f.ask("POST", fmt.Sprintf("/operator/me/sessions/%d/end", theirs), cookie, ""); rec.Code !=
		http.StatusNotFound {
		t.Errorf("somebody else's answers %d", rec.Code)
	}
	const better = "quiet harbour, nine lamps"
	for _, typed := range []string{form("present", "wrong", "password", better, "again", better),
		form("present", password, "password", "elevenchars", "again", "elevenchars"),
		form("present", password, "password", better, "again", "another")} {
		if rec := f.ask("POST", "/operator/me/password", cookie, typed); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s answers %d", typed, rec.Code)
		}
	}
	rec := f.ask("POST", "/operator/me/password", cookie, form("present", password, "password", better, "again", better))
	if where(rec) != "/operator/me (password_changed)" {
		t.Fatalf("a new password answers %d %s", rec.Code, rec.Body)
	}
	if rec := f.ask("GET", "/operator/me", cookieOf(t, rec), ""); rec.Code != http.StatusOK {
		t.Errorf("the session is over: %d", rec.Code)
	}
	if n := f.ID("select count(*) from audit_events where action = 'password_changed' and actor = 'ops'"); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
	rec = f.ask("POST", "/operator/login", "", form("username", "ops", "password", better, "code",
		appCode(t, secret, 1)))
	if !strings.HasPrefix(where(rec), "/operator") || strings.HasPrefix(where(rec), "/operator/login") {
		t.Errorf("the new password opens nothing: %d %s", rec.Code, where(rec))
	}
}
