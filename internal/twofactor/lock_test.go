package twofactor_test

import (
	"errors"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// wrongly enters n wrong codes of an app, in as many sessions as that takes, and lets no wait stand in the way.
func (f *fixture) wrongly(u account.User, n int) {
	f.t.Helper()
	sess := f.begin(u)
	for i := range n {
		if i%4 == 3 {
			sess = f.begin(u)
		}
		var wrong *twofactor.Wrong
		if err := f.verifyApp(sess, "000000"); !errors.As(err, &wrong) {
			f.t.Fatalf("wrong code %d: %v", i+1, err)
		}
		f.Exec("update factor_failures set wait_until = null")
	}
}

func TestTwentyWrongCodesInADayLockAllButRecoveryCodes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	boss := f.user(office, account.RoleSuperuser)
	u := f.confirmed(f.user(office, account.RoleUser), numberA)
	secret := f.app(u)
	codes := f.recoveryCodes(u)
	f.Exec("update recovery_codes set used_at = null")
	f.wrongly(u, 10)
	// A success in between takes none of them back: a patient guesser waits for it.
	if err := f.verifyApp(f.begin(u), f.step(secret, 0)); err != nil {
		t.Fatal(err)
	}
	f.Exec("delete from known_browsers") // the guesser's is another
	f.wrongly(u, 10)
	var wait *twofactor.Wait
	if err := f.verifyApp(f.begin(u), f.step(secret, 1)); !errors.As(err, &wait) || wait.Lock != factor.LockRecovery ||
		!wait.Until.IsZero() {
		t.Fatalf("the right code of a locked user: %v", err)
	}
	if err := f.factors.SendOnFile(t.Context(), f.begin(u), "en"); !errors.As(err, &wait) {
		t.Errorf("a text for a locked user: %v", err)
	}
	for id, kind := range map[int64]twofactor.Notice{
		u.ID: twofactor.NoticeStrangersLocked, boss.ID: twofactor.NoticeUserLocked,
	} {
		if n := f.Int("select count(*) from notices where user_id = $1 and kind = $2", id, kind); n != 1 {
			t.Errorf("%d notices %s", n, kind)
		}
	}
	if n := f.Int("select count(*) from audit_events where action = 'second_factor_locked'"); n != 1 {
		t.Errorf("%d events", n)
	}
	// A day later it is still locked: it is for the user or a superuser to end it.
	f.Exec("update factor_failures set day_since = now() - interval '25 hours'")
	if err := f.verifyApp(f.begin(u), f.step(secret, 1)); !errors.As(err, &wait) {
		t.Errorf("a day later: %v", err)
	}
	if err := f.verifyRecovery(f.begin(u), codes[0]); err != nil {
		t.Fatalf("a recovery code: %v", err)
	}
	if err := f.verifyApp(f.begin(u), f.step(secret, 1)); err != nil {
		t.Errorf("after the recovery code: %v", err)
	}
}

func TestNineteenADayLockNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	f.wrongly(u, 19)
	f.Exec("update factor_failures set day_since = now() - interval '25 hours'")
	f.wrongly(u, 19)
	f.Exec("update factor_failures set in_a_row = 0")
	if err := f.verifyApp(f.begin(u), f.step(secret, 0)); err != nil {
		t.Error(err)
	}
}

// Four a day, each day followed by the owner's own log-in: after a hundred the guesser's browser has used them up.
func TestAPatientStrangerMeetsALimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	f.app(u)
	f.wrongly(u, 4)
	if n := f.Int("select from_strangers from factor_failures"); n != 4 {
		t.Errorf("%d failures of strangers are counted", n)
	}
	f.Exec("update factor_failures set from_strangers = 99, in_a_day = 0")
	f.wrongly(u, 1)
	var wait *twofactor.Wait
	if err := f.verifyApp(f.begin(u), "000000"); !errors.As(err, &wait) || wait.Lock != factor.LockRecovery {
		t.Errorf("the answer is %v", err)
	}
	// What a known browser mistypes is not a stranger's.
	other := f.user(f.office("OTHER", required), account.RoleUser)
	f.app(other)
	f.Exec("insert into known_browsers (user_id, browser_hash) values ($1, $2)", other.ID, browser.Browser)
	f.wrongly(other, 4)
	if n := f.Int("select from_strangers from factor_failures where user_id = $1", other.ID); n != 0 {
		t.Errorf("%d failures in a known browser are a stranger's", n)
	}
}
