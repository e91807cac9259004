package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/factor/passkey"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/poll"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/stepup"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// uncounted are requests that nobody counts.
type uncounted struct{}

func (uncounted) Request(string, string, int, time.Duration) {}

// fixture is the whole site over a database of its own, with the offices ACME and OTHER.
type fixture struct {
	dbtest.Database
	anew     *anew
	t        testing.TB
	site     *echo.Echo
	pool     *db.Pool
	factors  *twofactor.Service
	queue    *queuePage
	services Services
	rebuild  func(Services, ...Option) *echo.Echo
	ring     *keys.Ring
	users    map[string]account.User // by "OFFICE/username"
}

const password = "a long enough password"

// passwordHash is the stored form of password, made once: a fixture costs no second hash.
var passwordHash = sync.OnceValues(func() (string, error) {
	return account.NewHasher(factory.CheapHash()).Hash(context.Background(), password)
})

// serveAccounts makes the service of users with this post and outbox.
func (f *fixture) serveAccounts(post account.Post, outbox account.Outbox) {
	hasher, log := account.NewHasher(factory.CheapHash()), factory.AuditLog()
	accounts := account.New(
		f.pool, hasher, account.NewWays(post, f.services.Sessions, log), outbox, log, "Nightlatch",
	)
	f.services.Accounts = accounts
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	d, pool := dbtest.New(t)
	return fixtureOver(t, d, pool)
}

// fixtureOver makes the site over the database of a pool.
func fixtureOver(t testing.TB, d dbtest.Database, pool *db.Pool) *fixture {
	t.Helper()
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	log, ring := factory.AuditLog(), factory.Keys(t)
	f := &fixture{Database: d, t: t, pool: pool, queue: &queuePage{}, users: map[string]account.User{}, anew: &anew{},
		ring: ring}
	sessions := session.NewStore(pool, log)
	ways := account.NewWays(account.NoMail{}, sessions, log)
	passkeys, err := passkey.New(ring, &url.URL{Scheme: "http", Host: "localhost"}, "Nightlatch")
	if err != nil {
		t.Fatal(err)
	}
	f.factors = twofactor.New(pool, ring, sessions, factory.Outbox{}, ways, log, time.Now, "Nightlatch", passkeys)
	assertions := issuer.NewAssertions(issuer.NewKeys(pool, ring, log), "http://localhost", time.Now)
	doors, err := door.New(pool, log, assertions, db.NewChanges(time.Now), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "http", Host: "localhost"}
	registry, signing := application.New(pool, log, "localhost"), issuer.NewKeys(pool, ring, log)
	provider, err := issuer.New(pool, ring, signing, registry, log, public)
	if err != nil {
		t.Fatal(err)
	}
	f.services = Services{
		Doors: doors, Probes: doorcheck.NewProbes(pool, ring, time.Now), Checks: unchecked{},
		Polls:        poll.NewMemory(f.factors.News, time.Now, factory.Logger()),
		Applications: application.New(pool, log, "localhost"),
		Offices:      office.New(pool, ways, log, "demo"), Factors: f.factors, Sessions: sessions,
		Requests: uncounted{}, Proxies: unwatched(pool),
		StepUps: stepup.NewStore(pool, ring), Replays: replay.NewStore(pool, ring),
		Ready: func(ctx context.Context) error { return db.Current(ctx, pool) },

		Installation: audit.NewInstallation(pool, log), Jobs: f.queue, Listen: ":8080",
		Operator: operator.New(pool, log, f.anew), Zone: time.UTC, Currency: "EUR", BalanceWarn: 10,
		Users:    users.New(pool, sessions, ways, f.factors, log),
		Rescue:   rescue.New(pool, ring, sessions, f.factors, ways, log),
		Rollouts: rollout.New(pool, ways, log),
		Evidence: evidence.New(pool, ring, rollout.New(pool, ways, log), log),
		Signing:  signing, Issuer: provider,
		SSO: federation.New(pool, ring, f.factors, ways, log, public),
	}
	f.serveAccounts(account.NoMail{}, factory.Outbox{})
	f.rebuild = func(services Services, options ...Option) *echo.Echo {
		options = append(options, WithDemo(message.NewDemoPhone(pool), mail.NewDemoMailbox(pool)))
		site, err := New(services, public, "Nightlatch", factory.Logger(), options...)
		if err != nil {
			t.Fatal(err)
		}
		return site
	}
	f.site = f.rebuild(f.services)
	for _, code := range []string{"ACME", "OTHER"} {
		id := factory.Office(t, pool, factory.OfficeOpts{Code: code, Name: code + " Accountants"}).ID
		for _, role := range []string{"user", "accountant", "superuser"} {
			user := factory.User(t, pool, id, factory.UserOpts{
				Username: role, Name: "Somebody", Role: role, PasswordHash: hash,
			})
			profile, err := f.services.Accounts.Profile(context.Background(), id, user.ID)
			if err != nil {
				t.Fatal(err)
			}
			profile.PasswordVersion = 1
			f.users[code+"/"+role] = profile.User
		}
	}
	f.Exec("update users set password_long = true")
	return f
}

// unchecked counts no answers to proxies.
type unchecked struct{}

func (unchecked) Door(int) {}

// unwatched names no proxy and tells nobody what is wrong with one.
func unwatched(pool *db.Pool) *proxy.Watch {
	return proxy.NewWatch(nil, pool, factory.Logger(), func(proxy.Finding) {}, time.Now)
}

// invite makes the site one that can send invitations, or none with nil.
func (f *fixture) invite(mail *invites) {
	services := f.services
	if mail != nil {
		log := factory.AuditLog()
		ways := account.NewWays(mail, f.services.Sessions, log)
		services.Users = users.New(f.pool, f.services.Sessions, ways, f.factors, log)
		services.Rollouts = rollout.New(f.pool, ways, log)
	}
	f.site = f.rebuild(services)
}

// numbers gives every user of both offices a mobile number.
func (f *fixture) numbers(o factory.NumberOpts) {
	f.t.Helper()
	for _, user := range f.users {
		factory.Number(f.t, f.pool, user.ID, o)
	}
}

// in is the cookie of a session of one factor.
func (f *fixture) in(who string) string {
	f.t.Helper()
	token, _, err := f.factors.Begin(context.Background(), f.users[who], "en", session.Client{Address: "192.0.2.1"})
	if err != nil {
		f.t.Fatal(err)
	}
	return "nightlatch=" + string(token)
}

// sum is a checksum of what a request must not change.
func (f *fixture) sum(tables ...string) string {
	f.t.Helper()
	all := ""
	for _, table := range tables {
		sum := f.Text("select md5(string_agg(t::text, ',' order by t::text)) from " + table + " t")
		if sum != "" {
			all += table + sum
		}
	}
	return all
}

var guarded = []string{
	"sso_providers", "sso_identities", "users", "mobile_numbers", "authenticators", "recovery_codes", "offices",
	"enrolments", "challenges", "messages",
}

// ask sends a request with headers in pairs.
func (f *fixture) ask(method, path, cookie, form string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	if form != "" || method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	f.site.ServeHTTP(rec, r)
	return rec
}

// target fills an id into a route's path.
func target(route *echo.Route, id int64) string {
	return strings.ReplaceAll(route.Path, ":id", fmt.Sprint(id))
}

// everybodys are the routes that are not behind a guard.
var everybodys = regexp.MustCompile(`^(/|/login|/login/sso(?:/[a-z]+)?|/logout|` +
	`/language|/session|/\.well-known/change-password|/favicon\.ico|/apple-touch-icon[a-z-]*\.png|` +
	`/country|/static/\*|/\.well-known/(?:jwks\.json|openid-configuration)|/oauth2/.*|/healthz|/readyz|/demo/phone|` +
	`/demo/mailbox|/login/(?:forgot|with-passkey)|/link/:token|/link/(?:again|strength)|` +
	`/door/(?:auth-request|forward-auth|open|left)|/\.nightlatch/[a-z-]+|/\*)$`)

// routes are all guarded routes of offices' users that the router knows; operators' are in operator_test.go.
func (f *fixture) routes(t *testing.T, least int) []*echo.Route {
	t.Helper()
	var found []*echo.Route
	for _, r := range f.site.Routes() {
		if r.Method != echo.RouteNotFound && !everybodys.MatchString(r.Path) && !strings.HasPrefix(r.Path, "/operator") {
			found = append(found, r)
		}
	}
	if len(found) < least {
		t.Fatalf("the router knows only %d guarded routes", len(found))
	}
	return found
}

const everything = "code=123456&password=x&number=%2B31612345678&country=NL&method=sms&shown=yes&up_to=1" +
	"&next=/settings/me"

func TestAHalfFinishedLogInReachesNothingButItsSecondStep(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	cookie := f.in("ACME/superuser")
	before := f.sum(guarded...)
	for _, route := range f.routes(t, 50) {
		if strings.HasPrefix(route.Path, "/login") {
			continue
		}
		rec := f.ask(route.Method, target(route, f.users["ACME/user"].ID), cookie, everything)
		if rec.Code != http.StatusSeeOther && rec.Code != http.StatusForbidden || rec.Code == http.StatusSeeOther &&
			where(rec) != "/login/second-step" {
			t.Errorf("%s %s answers %d %s", route.Method, route.Path, rec.Code, where(rec))
		}
		rec = f.ask(route.Method, target(route, f.users["ACME/user"].ID), cookie, everything, "HX-Request-Type", "partial")
		if rec.Code != http.StatusUnauthorized || where(rec) != "/login/second-step" ||
			rec.Body.Len() > 0 {
			t.Errorf("%s %s as a fragment answers %d %s", route.Method, route.Path, rec.Code, rec.Body)
		}
	}
	if f.sum(guarded...) != before {
		t.Error("something changed")
	}
	// Nor can it enrol, when its user has a factor.
	for _, path := range []string{"/login/app/setup", "/login/number"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if rec := f.ask(method, path, cookie, everything); rec.Code == http.StatusOK ||
				strings.Contains(rec.Body.String(), "data-secret") {
				t.Errorf("%s %s answers %d", method, path, rec.Code)
			}
		}
	}
	if n := f.ID("select count(*) from enrolments"); n != 0 {
		t.Errorf("%d enrolments were begun", n)
	}
}

func TestWithoutASessionEverythingLeadsToTheLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.sum(guarded...)
	for _, route := range f.routes(t, 50) {
		for _, cookie := range []string{"", "nightlatch=" + string(session.NewToken()), "nightlatch=x"} {
			rec := f.ask(route.Method, target(route, 1), cookie, everything)
			if to := where(rec); rec.Code != http.StatusSeeOther || to != "/login" &&
				to != "/login (over)" {
				t.Errorf("%s %s with %q answers %d %s", route.Method, route.Path, cookie, rec.Code, to)
			}
		}
	}
	if f.sum(guarded...) != before {
		t.Error("something changed")
	}
}

// What a page asks by itself may overtake the answer to the last code.
func TestAfterFiveWrongCodesEverythingSaysSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true where code = 'ACME'")
	f.numbers(factory.NumberOpts{})
	cookie := f.in("ACME/user")
	other := f.in("ACME/user")
	for try := 1; try <= 5; try++ {
		rec := f.ask("POST", "/login/code", cookie, form("code", "12345"+fmt.Sprint(try)))
		if ended := where(rec) == "/login (exhausted)"; ended != (try == 5) {
			t.Fatalf("try %d answers %d %s", try, rec.Code, where(rec))
		}
	}
	for _, route := range f.routes(t, 50) {
		rec := f.ask(route.Method, target(route, 1), cookie, everything)
		if to := where(rec); to != "/login (exhausted)" {
			t.Errorf("%s %s answers %d %s", route.Method, route.Path, rec.Code, to)
		}
	}
	rec := f.ask("GET", "/login/message", cookie, "", "HX-Request", "true", "HX-Request-Type", "partial")
	if to := where(rec); to != "/login (exhausted)" {
		t.Errorf("the live line leads to %q", to)
	}
	// A session that ends by a decision says no more than that.
	f.Exec("update sessions set ended_at = now() where ended_at is null")
	if to := where(f.ask("GET", "/settings/me", other, "")); to != "/login (ended)" {
		t.Errorf("a session without guesses leads to %s", to)
	}
}

func TestWhatASuperuserMayDoNobodyElseMay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	superusers := regexp.MustCompile(`/reset$|/office/history$|/office/general/|/office/sign-in|` +
		`/users/(new|export|import|import/do|end-sessions)$|` +
		`/users/:id/(change|disable|enable|delete|invite|reset/decline|end-sessions)$`)
	managers := regexp.MustCompile(`^/settings/users`)
	before := f.sum(guarded...)
	count := 0
	for _, role := range []string{"user", "accountant"} {
		cookie := f.in("ACME/" + role)
		for _, route := range f.routes(t, 50) {
			forbidden := superusers.MatchString(route.Path) || role == "user" && managers.MatchString(route.Path) ||
				route.Path == "/settings/office/general" && route.Method == http.MethodPost
			if !forbidden {
				continue
			}
			count++
			if rec := f.ask(route.Method, target(route, f.users["ACME/user"].ID), cookie,
				everything); rec.Code != http.StatusForbidden {
				t.Errorf("%s: %s %s answers %d", role, route.Method, route.Path, rec.Code)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d routes were tried", count)
	}
	if f.sum(guarded...) != before {
		t.Error("something changed")
	}
}

// momentary is what tells two pages of the same error apart: its request, and the time that the session has left.
var momentary = regexp.MustCompile(`<code>[A-Z2-7]{12}</code>|data-left="\d+"|datetime="[^"]+"`)

func TestAnotherOfficesIDIsAsUnknownAsNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	f.in("OTHER/user")
	before, count := f.sum(guarded...), 0
	for _, route := range f.routes(t, 50) {
		// An application is no office's, and to end what one has not opened is no fault.
		if !strings.Contains(route.Path, ":id") || strings.Contains(route.Path, "/me/applications/") {
			continue
		}
		count++
		id := f.users["OTHER/user"].ID
		if strings.Contains(route.Path, "/me/sessions/") {
			id = f.ID(fmt.Sprintf("select max(id) from sessions where user_id = %d", id))
		}
		theirs := f.ask(route.Method, target(route, id), cookie, everything)
		nobodys := f.ask(route.Method, target(route, 987654321), cookie, everything)
		if theirs.Code != http.StatusNotFound ||
			momentary.ReplaceAllString(theirs.Body.String(), "") != momentary.ReplaceAllString(nobodys.Body.String(), "") {
			t.Errorf("%s %s: another office's id answers %d, an unknown one %d", route.Method, route.Path, theirs.Code,
				nobodys.Code)
		}
	}
	if count < 5 {
		t.Errorf("only %d routes take an id", count)
	}
	if f.sum(guarded...) != before || f.ID("select count(*) from sessions where ended_at is not null") != 0 {
		t.Error("something changed")
	}
}

func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	everywhere := append([]string{"audit_events", "recovery_sheets", "factor_failures", "notices"}, guarded...)
	enrols := regexp.MustCompile(`/app$|/app/setup$`) // shows a fresh secret, and keeps it for ten minutes
	for _, demanded := range []bool{false, true} {
		f.Exec(fmt.Sprintf("update offices set two_factor_required = %v", demanded))
		cookie := f.in("ACME/superuser")
		before := f.sum(everywhere...)
		for _, route := range f.routes(t, 50) {
			if route.Method != http.MethodGet || enrols.MatchString(route.Path) {
				continue
			}
			if rec := f.ask(route.Method, target(route, f.users["ACME/user"].ID), cookie, ""); rec.Code >= 500 {
				t.Errorf("GET %s answers %d", route.Path, rec.Code)
			}
		}
		if f.sum(everywhere...) != before {
			t.Error("a GET changed something")
		}
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/user")
	large := "office=" + strings.Repeat("x", 100_000)
	answers := map[int]*httptest.ResponseRecorder{
		200: f.ask("GET", "/login", "", ""), 303: f.ask("GET", "/settings/me", "", ""), 404: f.ask("GET", "/nowhere", "", ""),
		403: f.ask("GET", "/settings/users", cookie, ""), 413: f.ask("POST", "/login", "", large),
		422: f.ask("POST", "/login", "", "office=ACME&username=user&password=wrong"),
	}
	for want, rec := range answers {
		if rec.Code != want {
			t.Errorf("answered %d, want %d", rec.Code, want)
		}
		for name, value := range map[string]string{
			"Content-Security-Policy":   "default-src 'none'; script-src 'self'; style-src 'self';",
			"Strict-Transport-Security": "max-age=63072000",
			"X-Content-Type-Options":    "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control":              "no-store",
		} {
			if got := rec.Header().Get(name); !strings.HasPrefix(got, value) {
				t.Errorf("%d: %s is %q", want, name, got)
			}
		}
		if csp := rec.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") ||
			!strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%d: the policy is %q", want, csp)
		}
	}
}

func TestARequestOfAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	before := f.sum(append(guarded, "sessions", "audit_events")...)
	for _, route := range f.site.Routes() {
		// What applications ask carries a secret of its own, and no cookie counts there; a browser brings an
		// authorization request from their pages, and it changes nothing.
		if route.Method != http.MethodPost || strings.HasPrefix(route.Path, "/oauth2/") {
			continue
		}
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if rec := f.ask("POST", target(route, 1), cookie, everything, headers...); rec.Code != http.StatusForbidden {
				t.Errorf("%s with %v answers %d", route.Path, headers, rec.Code)
			}
		}
	}
	if f.sum(append(guarded, "sessions", "audit_events")...) != before {
		t.Error("something changed")
	}
}

func TestARedirectStaysAtHome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/user")
	for _, hostile := range hostileTargets(t) {
		for _, form := range []struct{ path, field string }{{"/language", "back"}, {"/settings/confirm", "next"}} {
			values := url.Values{form.field: {hostile}, "language": {"en"}, "password": {password}}
			rec := f.ask("POST", form.path, cookie, values.Encode())
			to := where(rec)
			if rec.Code == http.StatusBadRequest && !web.WellFormed(values) {
				continue
			}
			if rec.Code != http.StatusSeeOther ||
				!regexp.MustCompile(`^/([a-z][a-z/-]*)?( \(confirmed\))?$`).MatchString(to) {
				t.Errorf("%s leads %q to %d %q", form.path, hostile, rec.Code, to)
			}
			if form.path == "/settings/confirm" {
				cookie = f.in("ACME/user") // the proof renewed the token
			}
		}
	}
}

func TestAFragmentIsAskedForInSoManyWords(t *testing.T) {
	for value, want := range map[string]bool{"partial": true, "full": false, "": false, "PARTIAL": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", value)
		if got := web.WantsFragment(r); got != want {
			t.Errorf("HX-Request-Type %q: fragment is %v", value, got)
		}
	}
}

func TestTheSwitchIsADraftUntilTheQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	on := func() bool { return f.ID("select count(*) from offices where two_factor_required") > 0 }

	flipped := f.ask("POST", "/settings/office/general/switch", cookie, "shown=no", "HX-Request-Type", "partial")
	if body := flipped.Body.String(); !strings.HasPrefix(body, "<form") ||
		!strings.Contains(body, `aria-checked="true"`) || on() {
		t.Errorf("the draft is %s", body)
	}
	if body := f.ask("POST", "/settings/office/general/switch", cookie,
		"shown=no").Body.String(); !strings.HasPrefix(body, "<!doctype html>") ||
		!strings.Contains(body, `aria-checked="true"`) {
		t.Error("without htmx the draft is no page")
	}
	question := f.ask("POST", "/settings/office/general", cookie, "shown=yes", "HX-Request-Type", "partial").Body.String()
	if !strings.HasPrefix(question, "<dialog") || !strings.Contains(question, "all 3 users of ACME Accountants") || on() {
		t.Errorf("the question is %s", question)
	}
	if body := f.ask("POST", "/settings/office/general", cookie, "shown=yes").Body.String(); !strings.Contains(body,
		"<dialog") {
		t.Error("without htmx there is no question")
	}
	rec := f.ask("POST", "/settings/office/general/activate", cookie, "")
	if !on() || rec.Code != http.StatusSeeOther {
		t.Errorf("activation answers %d", rec.Code)
	}
	if rec := f.ask("GET", "/settings/me", cookie, ""); where(rec) != "/login/second-step" {
		t.Error("the superuser's own session is not led to the second step")
	}
	if n := f.ID("select count(*) from audit_events where action = 'two_factor_activated'"); n != 1 {
		t.Errorf("%d activations are in the history", n)
	}
}

func TestWhatNobodyAskedForIsNotTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/accountant")
	extra := "&role=superuser&office_id=2&confirmed_at=now&mobile_verified=true&two_factor_required=false&user_id=1"
	id := f.users["ACME/user"].ID
	if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/number", id), cookie,
		"number=%2B31612345678&country=NL"+extra); rec.Code != http.StatusSeeOther {
		t.Fatalf("registering answers %d", rec.Code)
	}
	if n := f.ID(fmt.Sprintf(`select count(*) from mobile_numbers where user_id = %d and confirmed_at is null
		and number = '+31612345678'`, id)); n != 1 {
		t.Error("the number is not there, or confirmed")
	}
	if n := f.ID("select count(*) from users where role = 'superuser'"); n != 2 {
		t.Errorf("there are %d superusers", n)
	}
}

func TestADatabaseThatIsGoneIsToldAndLetsNobodyIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/user")
	f.Exec("alter view living_sessions rename to gone")
	if rec := f.ask("GET", "/settings/me", cookie, ""); rec.Code != http.StatusInternalServerError ||
		strings.Contains(rec.Body.String(), "SQLSTATE") {
		t.Errorf("answered %d", rec.Code)
	}
}
