package twofactor_test

import (
	"errors"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// wrongly enters n wrong codes of an app, in as many sessions as that takes, and lets no wait stand in the way.
func (w *world) wrongly(u account.User, n int) {
	w.t.Helper()
	sess := w.begin(u)
	for i := range n {
		if i%4 == 3 {
			sess = w.begin(u)
		}
		var wrong *twofactor.Wrong
		if err := w.verifyApp(sess, "000000"); !errors.As(err, &wrong) {
			w.t.Fatalf("wrong code %d: %v", i+1, err)
		}
		w.exec("update factor_failures set wait_until = null")
	}
}

func TestTwentyWrongCodesInADayLockAllButRecoveryCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	boss := w.user(office, account.RoleSuperuser)
	u := w.confirmed(w.user(office, account.RoleUser), numberA)
	secret := w.app(u)
	codes := w.recoveryCodes(u)
	w.exec("update recovery_codes set used_at = null")
	w.wrongly(u, 10)
	// A success in between takes none of them back: a patient guesser waits for it.
	if err := w.verifyApp(w.begin(u), w.step(secret, 0)); err != nil {
		t.Fatal(err)
	}
	w.wrongly(u, 10)
	var wait *twofactor.Wait
	if err := w.verifyApp(w.begin(u), w.step(secret, 1)); !errors.As(err, &wait) || wait.Lock != factor.LockRecovery || !wait.Until.IsZero() {
		t.Fatalf("the right code of a locked user: %v", err)
	}
	if err := w.factors.SendOnFile(t.Context(), w.begin(u), "en"); !errors.As(err, &wait) {
		t.Errorf("a text for a locked user: %v", err)
	}
	for id, kind := range map[int64]twofactor.Notice{u.ID: twofactor.NoticeLocked, boss.ID: twofactor.NoticeUserLocked} {
		if n := w.number("select count(*) from notices where user_id = $1 and kind = $2", id, kind); n != 1 {
			t.Errorf("%d notices %s", n, kind)
		}
	}
	if n := w.number("select count(*) from audit_events where action = 'second_factor_locked'"); n != 1 {
		t.Errorf("%d events", n)
	}
	// A day later it is still locked: it is for the user or a superuser to end it.
	w.exec("update factor_failures set day_since = now() - interval '25 hours'")
	if err := w.verifyApp(w.begin(u), w.step(secret, 1)); !errors.As(err, &wait) {
		t.Errorf("a day later: %v", err)
	}
	if err := w.verifyRecovery(w.begin(u), codes[0]); err != nil {
		t.Fatalf("a recovery code: %v", err)
	}
	if err := w.verifyApp(w.begin(u), w.step(secret, 1)); err != nil {
		t.Errorf("after the recovery code: %v", err)
	}
}

func TestNineteenADayLockNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	secret := w.app(u)
	w.wrongly(u, 19)
	w.exec("update factor_failures set day_since = now() - interval '25 hours'")
	w.wrongly(u, 19)
	w.exec("update factor_failures set in_a_row = 0")
	if err := w.verifyApp(w.begin(u), w.step(secret, 0)); err != nil {
		t.Error(err)
	}
}

// Four a day, each day followed by the owner's own log-in: after a hundred the guesser's browser has used them up.
func TestAPatientStrangerMeetsALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	w.app(u)
	w.wrongly(u, 4)
	if n := w.number("select from_strangers from factor_failures"); n != 4 {
		t.Errorf("%d failures of strangers are counted", n)
	}
	w.exec("update factor_failures set from_strangers = 99, in_a_day = 0")
	w.wrongly(u, 1)
	var wait *twofactor.Wait
	if err := w.verifyApp(w.begin(u), "000000"); !errors.As(err, &wait) || wait.Lock != factor.LockRecovery {
		t.Errorf("the answer is %v", err)
	}
	// What a known browser mistypes is not a stranger's.
	other := w.user(w.office("OTHER", required), account.RoleUser)
	w.app(other)
	w.exec("insert into known_browsers (user_id, browser_hash) values ($1, $2)", other.ID, browser.Browser)
	w.wrongly(other, 4)
	if n := w.number("select from_strangers from factor_failures where user_id = $1", other.ID); n != 0 {
		t.Errorf("%d failures in a known browser are a stranger's", n)
	}
}
