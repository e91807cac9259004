package handlers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

const (
	opsApp   = "/operator/me/app"
	opsSetup = "/operator/me/app/setup"
)

var shownKey = regexp.MustCompile(`data-secret>([^<]+)<`)

// keyOn returns the key that a page shows, "" for none.
func keyOn(rec *httptest.ResponseRecorder) otp.Secret {
	m := shownKey.FindStringSubmatch(rec.Body.String())
	if m == nil {
		return ""
	}
	return otp.Secret(strings.ReplaceAll(m[1], " ", ""))
}

// toldApps counts the mails about an operator's next app.
type toldApps struct {
	account.NoMail
	to []int64
}

func (a *toldApps) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	if m.Kind == string(twofactor.NoticeOperatorApp) {
		a.to = append(a.to, m.UserID)
	}
	return nil
}

// opsIn is operatorIn as if a step had passed: the code of the next one has a minute to arrive, and is new each time.
func (f *fixture) opsIn(secret otp.Secret) string {
	f.t.Helper()
	f.Exec("update authenticators set last_step = 0")
	return f.operatorIn(secret, 1)
}

// nextApp proves the password and the present app, and returns the session's new cookie and the key that is shown.
func (f *fixture) nextApp(cookie string, present otp.Secret) (string, otp.Secret) {
	f.t.Helper()
	f.Exec("update authenticators set last_step = 0")
	rec := f.ask("POST", opsApp, cookie, form("password", password, "code", appCode(f.t, present, 1)))
	if where(rec) != opsSetup {
		f.t.Fatalf("the proofs are answered %d %s", rec.Code, where(rec))
	}
	cookie = cookieOf(f.t, rec)
	key := keyOn(f.ask("GET", opsSetup, cookie, ""))
	if key == "" {
		f.t.Fatal("no key is shown")
	}
	return cookie, key
}

// However fresh a log-in is, its cookie alone shows no key, and the proofs for one take the cookie's copy its worth.
func TestANewKeyOfAnOperatorIsShownToWhoProvedBoth(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	copied := f.opsIn(secret)
	if rec := f.ask("GET", opsSetup, copied, ""); where(rec) != opsApp || keyOn(rec) != "" {
		t.Fatalf("a fresh log-in is shown a key: %d %s", rec.Code, where(rec))
	}
	for name, typed := range map[string]string{
		"That is not your password.": form("password", "wrong", "code", appCode(t, secret, 1)),
		"digits":                     form("password", password, "code", "x"),
		"tries left":                 form("password", password, "code", appCode(t, secret, 40)),
	} {
		rec := f.ask("POST", opsApp, copied, typed)
		if !strings.Contains(rec.Body.String(), name) {
			t.Errorf("the page does not say %q: %s", name, plain(rec.Body.String()))
		}
		if rec.Code != http.StatusUnprocessableEntity || keyOn(rec) != "" || cookieOf(t, rec) != "" {
			t.Errorf("%s: answered %d, with a key or a token", name, rec.Code)
		}
	}
	if n := f.ID("select count(*) from enrolments"); n != 0 {
		t.Fatalf("%d keys were made for wrong proofs", n)
	}
	cookie, key := f.nextApp(copied, secret)
	if again := keyOn(f.ask("GET", opsSetup, cookie, "")); again != key {
		t.Error("the page, loaded again, shows another key")
	}
	if rec := f.ask("GET", opsSetup, copied, ""); rec.Code == http.StatusOK || keyOn(rec) != "" {
		t.Errorf("the copied cookie is answered %d", rec.Code)
	}
	if other := f.opsIn(secret); where(f.ask("GET", opsSetup, other, "")) != opsApp {
		t.Error("another session of the operator's is shown the key")
	}
	for _, column := range []string{"password_at", "second_factor_at"} {
		f.Exec("update sessions set " + column + " = now() - interval '11 minutes'")
		if rec := f.ask("GET", opsSetup, cookie, ""); where(rec) != opsApp {
			t.Errorf("an old %s is answered %d %s", column, rec.Code, where(rec))
		}
		if rec := f.ask("POST", opsSetup, cookie, form("code", appCode(t, key, 1), "in", column)); where(rec) != opsApp {
			t.Errorf("an old %s sets the app up: %d %s", column, rec.Code, where(rec))
		}
		f.Exec("update sessions set " + column + " = now()")
	}
}

// The present app works until the next one has shown a code, and opens nothing from then on.
func TestTheNextAppOfAnOperatorTakesThePlaceOfThePresentOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	log, mails := factory.AuditLog(), &toldApps{}
	f.factors = twofactor.New(f.pool, factory.Keys(t), session.NewStore(f.pool, log), factory.Outbox{},
		account.NewWays(mails, session.NewStore(f.pool, log), log), log, time.Now, "Nightlatch")
	f.services.Factors = f.factors
	f.site = f.rebuild(f.services)
	ops, secret := f.operator()
	other, cookie := f.opsIn(secret), f.opsIn(secret)
	cookie, key := f.nextApp(cookie, secret)
	rec := f.ask("POST", opsSetup, cookie, form("code", appCode(t, key, 40)))
	if rec.Code != http.StatusUnprocessableEntity || keyOn(rec) != key ||
		!strings.Contains(rec.Body.String(), "tries left") {
		t.Errorf("a wrong code is answered %d", rec.Code)
	}
	third := f.opsIn(secret) // the present app still opens
	rec = f.ask("POST", opsSetup, cookie, form("code", appCode(t, key, 1)))
	if where(rec) != "/operator/me (operator_app)" {
		t.Fatalf("the new app's code is answered %d %s", rec.Code, where(rec))
	}
	next := cookieOf(t, rec)
	if page := f.ask("GET", "/operator/me", next, "").Body.String(); !strings.Contains(page,
		"Another authenticator app was set up for you.") {
		t.Error("no notice tells it")
	}
	for name, old := range map[string]string{"other": other, "third": third, "before": cookie} {
		if rec := f.ask("GET", "/operator", old, ""); rec.Code == http.StatusOK {
			t.Errorf("the %s session lives on", name)
		}
	}
	f.Exec("update authenticators set last_step = 0")
	rec = f.ask("POST", "/operator/login", "", form("username", "ops", "password", password, "code",
		appCode(t, secret, 1)))
	if !strings.HasPrefix(where(rec), "/operator/login") {
		t.Errorf("the old app is answered %d %s", rec.Code, where(rec))
	}
	f.opsIn(key)
	for what, want := range map[string]int64{
		"recovery_codes": 0, "enrolments": 0, "authenticators": 1,
		"audit_events where action = 'authenticator_added' and actor = 'ops'": 1,
	} {
		if n := f.ID("select count(*) from " + what); n != want {
			t.Errorf("%d %s, not %d", n, what, want)
		}
	}
	if !slices.Equal(mails.to, []int64{ops.ID}) {
		t.Errorf("mails went to %v", mails.to)
	}
}

// Two sessions set an app up at once, each with its own key and a right code: one app is in force, the other session is
// over.
func TestOfTwoNextAppsOneTakesThePlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, secret := f.operator()
	var cookies [2]string
	var keys [2]otp.Secret
	for i := range cookies {
		cookies[i] = f.opsIn(secret)
		cookies[i], keys[i] = f.nextApp(cookies[i], secret)
	}
	var said [2]string
	var wg sync.WaitGroup
	for i := range cookies {
		wg.Go(func() { said[i] = where(f.ask("POST", opsSetup, cookies[i], form("code", appCode(t, keys[i], 1)))) })
	}
	wg.Wait()
	won := slices.Index(said[:], "/operator/me (operator_app)")
	if won < 0 || said[1-won] == said[won] || keys[0] == keys[1] {
		t.Fatalf("answered %q", said)
	}
	f.opsIn(keys[won])
	if n := f.ID("select count(*) from audit_events where action = 'authenticator_added'"); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
	rec := f.ask("POST", "/operator/login", "", form("username", "ops", "password", password, "code",
		appCode(t, keys[1-won], 1)))
	if !strings.HasPrefix(where(rec), "/operator/login") {
		t.Errorf("the app that lost opens: %d %s", rec.Code, where(rec))
	}
}
