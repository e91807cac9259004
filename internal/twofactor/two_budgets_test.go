package twofactor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// mine is the owner's own browser, over IPv6; the fixture's browser is a stranger's.
var mine = session.Client{Address: "2001:db8:1:2::3", UserAgent: "test", Browser: []byte("the owner's browser")}

// beginIn is a log-in whose password was right, in a browser, from a network of its own: how many one network may begin
// has tests in package session.
func (f *fixture) beginIn(u account.User, client session.Client) session.Session {
	f.t.Helper()
	client.Address = f.network()
	token, _, err := f.factors.Begin(context.Background(), u, "en", client)
	if err != nil {
		f.t.Fatalf("begin: %v", err)
	}
	return f.load(token)
}

// spent is every state that wrong second factors lead to, as it stands in factor_failures.
var spent = map[factor.Lock][]string{
	factor.LockWait:     {"in_a_row = 10, wait_until = now() + interval '15 minutes'"},
	factor.LockRecovery: {"in_a_day = 20", "from_strangers = 100", "locked_at = now() - interval '90 days'"},
	factor.LockReset:    {"in_a_row = 100"},
}

// Who has the password alone can spend what is a stranger's, and the owner is in: in a browser that is known, and
// after a new password in any.
func TestStrangersSpendTheBudgetOfStrangersAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	for lock, states := range spent {
		for _, state := range states {
			for _, role := range []account.Role{account.RoleUser, account.RoleSuperuser} {
				u := f.user(office, role)
				secret := f.app(u)
				factory.KnownBrowser(t, f.pool, u.ID, string(mine.Browser))
				f.Exec("insert into factor_failures (user_id, stranger) values ($1, true)", u.ID)
				f.Exec("update factor_failures set "+state+" where user_id = $1", u.ID)
				var wait *twofactor.Wait
				if err := f.verifyApp(f.begin(u), f.step(secret, 0)); !errors.As(err, &wait) || wait.Lock != lock ||
					!wait.Stranger {
					t.Errorf("%s: a stranger's right code: %v", state, err)
				}
				if err := f.verifyApp(f.beginIn(u, mine), f.step(secret, 0)); err != nil {
					t.Errorf("%s: the owner in a known browser: %v", state, err)
				}
				f.Exec("update users set password_hash = password_hash || 'x' where id = $1", u.ID)
				u.PasswordVersion++
				if err := f.verifyApp(f.begin(u), f.step(secret, 1)); err != nil {
					t.Errorf("%s: a new browser after a new password: %v", state, err)
				}
			}
		}
	}
}

// Where the office demands no second factor, the password alone makes a whole session, and is a stranger's still.
func TestThePasswordAloneIsAStrangersWhateverIsDemanded(t *testing.T) {
	t.Parallel()
	for _, demanded := range []bool{true, false} {
		f := newFixture(t)
		office := f.office("ACME", required)
		u := f.user(office, account.RoleUser)
		secret := f.app(u)
		f.Exec("delete from known_browsers") // the app was set up in the stranger's
		factory.KnownBrowser(t, f.pool, u.ID, string(mine.Browser))
		f.Exec("update offices set two_factor_required = $1 where id = $2", demanded, office)
		f.wrongly(u, 20)
		if n := f.Int("select count(*) from factor_locks where lock is not null and not stranger"); n != 0 {
			t.Errorf("demanded %v: a holder of the password locks the owner's browsers", demanded)
		}
		if err := f.verifyApp(f.beginIn(u, mine), f.step(secret, 0)); err != nil {
			t.Errorf("demanded %v: the owner in a known browser: %v", demanded, err)
		}
	}
}

func TestAKnownBrowsersMistakesLockNoOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	factory.KnownBrowser(t, f.pool, u.ID, string(mine.Browser))
	for i := range 20 {
		sess := f.beginIn(u, mine)
		var wrong *twofactor.Wrong
		if err := f.verifyApp(sess, "000000"); !errors.As(err, &wrong) {
			t.Fatalf("wrong code %d: %v", i+1, err)
		}
		f.Exec("update factor_failures set wait_until = null")
	}
	var wait *twofactor.Wait
	if err := f.verifyApp(f.beginIn(u, mine), f.step(secret, 0)); !errors.As(err, &wait) || wait.Stranger {
		t.Errorf("after twenty in a known browser: %v", err)
	}
	if n := f.Int("select count(*) from notices where kind = $1", twofactor.NoticeLocked); n != 1 {
		t.Errorf("%d notices", n)
	}
	if err := f.verifyApp(f.begin(u), f.step(secret, 0)); err != nil {
		t.Errorf("in another browser: %v", err)
	}
}

// Who reads the user's mail sets new passwords at will: they give the guesses back five times a month, and a reset
// always.
func TestNewPasswordsGiveNoEndlessGuesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u, boss := f.user(office, account.RoleUser), f.user(office, account.RoleSuperuser)
	f.app(u)
	f.Exec("insert into factor_failures (user_id, stranger) values ($1, true)", u.ID)
	for i := range 6 {
		f.Exec("update factor_failures set in_a_day = 20, day_since = now()")
		f.Exec("update users set password_hash = $1 where id = $2", fmt.Sprint("hash ", i), u.ID)
		u.PasswordVersion++
		lock := f.Text("select coalesce(lock, 'none') from factor_locks where user_id = $1", u.ID)
		if want := map[bool]string{true: "none", false: "recovery"}[i < 5]; lock != want {
			t.Errorf("after new password %d the lock is %s", i+1, lock)
		}
	}
	f.Exec("update factor_failures set given_back_since = now() - interval '31 days'")
	f.Exec("update users set password_hash = 'the next month' where id = $1", u.ID)
	if lock := f.Text("select coalesce(lock, 'none') from factor_locks where user_id = $1", u.ID); lock != "none" {
		t.Errorf("a month later the lock is %s", lock)
	}
	f.Exec("update factor_failures set locked_at = now()")
	if _, err := f.factors.Reset(t.Context(), f.signedIn(boss, 0), browser, u.ID); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from factor_locks where lock is not null"); n != 0 {
		t.Error("a reset leaves a lock")
	}
}
