package twofactor_test

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/stepup"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// activate switches two factors on for an office, by a superuser of its own.
func (f *fixture) activate(officeID int64) {
	f.t.Helper()
	boss := f.signedIn(f.user(officeID, account.RoleSuperuser), 0)
	if err := office.New(f.pool, f.ways, factory.AuditLog(), "demo").Activate(f.t.Context(), boss, browser); err != nil {
		f.t.Fatal(err)
	}
}

// A stranger with the password begins a change of number while the office demands nothing, and finishes it after the
// owner has enrolled: nothing of it may be left.
func TestWhatWasBegunBeforeTheActivationEndsWithIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	officeID := f.office("ACME", optional)
	owner := f.user(officeID, account.RoleUser)
	stranger := f.begin(owner)
	if err := f.factors.SendTo(t.Context(), stranger, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	code := f.code(stranger)
	if _, err := f.factors.BeginEnrolment(t.Context(), stranger, factor.App); err != nil {
		t.Fatal(err)
	}
	forms := stepup.NewStore(f.pool, f.ring)
	_, err := forms.Hold(t.Context(), stranger, "/settings/me", stepup.Form{Path: "/settings/me/number"})
	if err != nil {
		t.Fatal(err)
	}
	f.Exec(`insert into recovery_sheets (session_id, codes_ct, expires_at)
		values ($1, 'x', now() + interval '10 minutes')`, stranger.ID)

	f.activate(officeID)
	for what, sql := range map[string]string{
		"a live challenge": "select count(*) from challenges where session_id = $1 and ended_at is null",
		"an enrolment":     "select count(*) from enrolments where session_id = $1",
		"a held form":      "select count(*) from held_forms where session_id = $1",
		"a recovery sheet": "select count(*) from recovery_sheets where session_id = $1",
	} {
		if n := f.Int(sql, stranger.ID); n != 0 {
			t.Errorf("%s outlives the activation", what)
		}
	}
	is(t, f.verify(stranger, code), twofactor.ErrOver)
	is(t, f.resend(stranger), twofactor.ErrOver)
	challenge := f.ID("select max(id) from challenges where session_id = $1", stranger.ID)
	is(t, f.factors.ResendNew(t.Context(), challenge), twofactor.ErrOver)

	// The owner enrols, and the stranger's session is over with all that it could try.
	mine := f.begin(owner)
	setup, err := f.factors.BeginEnrolment(t.Context(), mine, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	done, err := f.factors.ConfirmEnrolment(t.Context(), mine, browser, factor.App, f.step(setup.Secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	is(t, f.verify(stranger, code), twofactor.ErrOver)
	is(t, f.resend(stranger), twofactor.ErrOver)
	is(t, f.factors.SendTo(t.Context(), stranger, numberB, "en"), twofactor.ErrOver)
	if n := f.Int("select count(*) from mobile_numbers where user_id = $1", owner.ID); n != 0 {
		t.Error("the stranger's number is there")
	}
	if in := f.load(done.Token); in.Pending() {
		t.Error("the owner is not in")
	}
}

// A session that the activation made pending can enrol a user without a factor, but finishes nothing it had begun; and
// what stands in another office, or in a session of both factors, is left alone.
func TestTheActivationLeavesOtherSessionsAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	officeID, elsewhere := f.office("ACME", optional), f.office("OTHER", optional)
	begun := func(sess session.Session) session.Session {
		t.Helper()
		if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
			t.Fatal(err)
		}
		return sess
	}
	full := begun(f.signedIn(f.confirmed(f.user(officeID, account.RoleUser), numberA), 0))
	theirs := begun(f.begin(f.user(elsewhere, account.RoleUser)))
	f.activate(officeID)
	if err := f.verify(full, f.code(full)); err != nil {
		t.Errorf("a session of both factors: %v", err)
	}
	if err := f.verify(theirs, f.code(theirs)); err != nil {
		t.Errorf("another office's: %v", err)
	}
}

// The password was proven, and is another by the time that the log-in goes on: nothing begins, by the log-in page or by
// the page that links an account of single sign-on (federation.Link goes the same way).
func TestALogInUnderWayDuringAResetBeginsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", optional), account.RoleUser)
	proven := u // what SignIn returned, before the hash's queue
	f.Exec("update users set password_hash = 'new' where id = $1", u.ID)
	_, _, err := f.factors.Begin(t.Context(), proven, "en", browser)
	is(t, err, account.ErrWrong)
	if n := f.Int("select count(*) from sessions where user_id = $1", u.ID); n != 0 {
		t.Errorf("%d sessions began", n)
	}
	proven.PasswordVersion++
	if _, _, err := f.factors.Begin(t.Context(), proven, "en", browser); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// What takes a step-up does not become cheaper by waiting: a change that was begun with a fresh proof is refused once
// that is stale.
func TestAChangeBegunFreshIsRefusedWhenItIsStale(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sess := f.signedIn(f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA), 0)
	if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	code := f.code(sess)
	f.Exec("update sessions set second_factor_at = now() - $2::interval where id = $1", sess.ID, 11*time.Minute)
	is(t, f.verify(sess, code), fault.StepUpRequired)
}
