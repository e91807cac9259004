package twofactor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/recovery"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestAHalfFinishedLogInCannotEnrolWhoHasAFactor(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(*fixture, account.User){
		"a confirmed number": func(f *fixture, u account.User) { f.confirmed(u, numberA) },
		"an app":             func(f *fixture, u account.User) { f.app(u) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			u := f.user(f.office("ACME", required), account.RoleUser)

			// The secret was shown while there was no factor; the factor came in another browser.
			early := f.begin(u)
			enrolment, err := f.factors.BeginEnrolment(t.Context(), early, factor.App)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.factors.SendTo(t.Context(), early, numberB, "en"); err != nil {
				t.Fatal(err)
			}
			give(f, u)
			sess := f.begin(u)
			before := f.messages(u)

			is(t, f.factors.SendTo(t.Context(), sess, numberB, "en"), twofactor.ErrHasFactor)
			_, err = f.factors.BeginEnrolment(t.Context(), sess, factor.App)
			is(t, err, twofactor.ErrHasFactor)
			_, err = f.factors.ConfirmEnrolment(t.Context(), early, browser, factor.App, f.step(enrolment.Secret, 0))
			is(t, err, twofactor.ErrHasFactor)
			is(t, f.verify(early, f.code(early)), twofactor.ErrHasFactor)

			if f.raised(u) != 0 {
				t.Error("a session was raised")
			}
			if f.messages(u) != before {
				t.Error("a message was sent")
			}
			if n := f.Int("select count(*) from mobile_numbers where number = $1", numberB.E164); n != 0 {
				t.Error("the number was saved")
			}
		})
	}
}

func TestOnlyTheNumberThatWasProvenIsSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	if err := f.factors.SendTo(t.Context(), sess, numberA, "en"); err != nil {
		t.Fatal(err)
	}
	codeA := f.code(sess)
	if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	if codeA == f.code(sess) {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, f.verify(sess, codeA), 4)
	if n := f.Int("select count(*) from mobile_numbers"); n != 0 {
		t.Fatal("a number was saved")
	}
	proven, err := f.factors.Prove(t.Context(), sess, browser, factor.SMS, f.code(sess))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Text("select number from mobile_numbers where user_id = $1 and confirmed_at is not null",
		u.ID); got != numberB.E164 {
		t.Errorf("saved %s", got)
	}
	if after := f.load(proven.Token); after.Level != 2 || after.Pending() || proven.Purpose != factor.PurposeEnrol {
		t.Error("enrolment did not complete the log-in")
	}
}

func TestACodeOfAnotherUserConfirmsNoNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	x, y := f.begin(f.user(office, account.RoleUser)), f.begin(f.user(office, account.RoleUser))
	if err := errors.Join(f.factors.SendTo(t.Context(), x, numberA, "en"), f.factors.SendTo(t.Context(), y, numberA,
		"en")); err != nil {
		t.Fatal(err)
	}
	if f.code(x) == f.code(y) {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, f.verify(x, f.code(y)), 4)
}

func TestAnUnconfirmedNumberIsConfirmedByItsCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.unconfirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	sess := f.begin(u)
	if f.messages(u) != 0 {
		t.Error("a message went to an unconfirmed number before its user checked it")
	}
	if err := f.factors.SendOnFile(t.Context(), sess, "en"); err != nil {
		t.Fatal(err)
	}
	if err := f.verify(sess, f.code(sess)); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from mobile_numbers where user_id = $1 and confirmed_at is not null", u.ID); n != 1 {
		t.Error("it is not confirmed")
	}
}

func TestAnUnconfirmedNumberIsNeverUsedBesideAConfirmedFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.unconfirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	early := f.begin(u)
	if err := f.factors.SendOnFile(t.Context(), early, "en"); err != nil {
		t.Fatal(err)
	}
	f.app(u)
	is(t, f.factors.SendOnFile(t.Context(), f.begin(u), "en"), twofactor.ErrNotAllowed)
	f.Exec("update challenges set asked_at = now() - interval '200 seconds', expires_at = now() - interval '1 second'")
	before := f.messages(u)
	_ = f.resend(early)
	if n := f.messages(u); n != before {
		t.Error("asking again sent a code to the unconfirmed number of a user who has an app")
	}
}

func TestARegisteredNumberEndsTheCodesUnderWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u := f.unconfirmed(f.user(office, account.RoleUser), numberA)
	sess := f.begin(u)
	if err := f.factors.SendOnFile(t.Context(), sess, "en"); err != nil {
		t.Fatal(err)
	}
	code := f.code(sess)
	boss := f.signedIn(f.user(office, account.RoleSuperuser), 0)
	if err := f.factors.RegisterNumber(t.Context(), boss, browser, u.ID, numberB); err != nil {
		t.Fatal(err)
	}
	is(t, f.verify(sess, code), twofactor.ErrOver)
}

func TestWhoMayRegisterWhoseNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office, elsewhere := f.office("ACME", required), f.office("OTHER", required)
	roles := []account.Role{account.RoleUser, account.RoleAccountant, account.RoleSuperuser}
	rank := map[account.Role]int{account.RoleUser: 1, account.RoleAccountant: 2, account.RoleSuperuser: 3}
	factors := map[string]func(account.User){
		"nothing":               func(account.User) {},
		"an unconfirmed number": func(u account.User) { f.unconfirmed(u, numberB) },
		"a confirmed number":    func(u account.User) { f.confirmed(u, numberB) },
		"an app":                func(u account.User) { f.app(u) },
	}
	for _, actor := range roles {
		sess := f.signedIn(f.user(office, actor), 0)
		for _, subject := range roles {
			for has, give := range factors {
				u := f.user(office, subject)
				give(u)
				var want error
				switch {
				case actor == account.RoleUser, rank[subject] > rank[actor]:
					want = twofactor.ErrNotAllowed
				case has == "a confirmed number", has == "an app":
					want = twofactor.ErrHasFactor
				}
				err := f.factors.RegisterNumber(t.Context(), sess, browser, u.ID, numberA)
				if !errors.Is(err, want) {
					t.Errorf("%s registers the number of a %s with %s: %v, want %v", actor, subject, has, err, want)
				}
				saved := f.Int("select count(*) from mobile_numbers where user_id = $1 and number = $2 and confirmed_at is null",
					u.ID, numberA.E164)
				if saved == 1 != (want == nil) {
					t.Errorf("%s registers the number of a %s with %s: %d rows", actor, subject, has, saved)
				}
				f.Exec("delete from mobile_numbers where user_id = $1", u.ID)
			}
		}
		is(t, f.factors.RegisterNumber(t.Context(), sess, browser, f.user(elsewhere, account.RoleUser).ID, numberA),
			account.ErrUnknown)
		is(t, f.factors.RegisterNumber(t.Context(), sess, browser, 999_999, numberA), account.ErrUnknown)
		own := f.factors.RegisterNumber(t.Context(), sess, browser, sess.User.ID, numberA)
		if want := actor != account.RoleUser; (own == nil) != want {
			t.Errorf("a %s registers their own number: %v", actor, own)
		}
		f.Exec("delete from mobile_numbers")
	}
}

// A number that no code would be sent to, and one that a colleague has, is refused when somebody registers it: not on
// the day on which its user cannot get in.
func TestANumberThatWouldNotServeIsNotRegistered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office, elsewhere := f.office("ACME", required), f.office("OTHER", required)
	boss := f.signedIn(f.user(office, account.RoleSuperuser), 0)
	una, otto := f.user(office, account.RoleUser), f.user(office, account.RoleUser)
	register := func(u account.User, number phone.Number) error {
		return f.factors.RegisterNumber(t.Context(), boss, browser, u.ID, number)
	}
	f.unconfirmed(f.user(elsewhere, account.RoleUser), numberA)
	is(t, register(una, numberA), nil) // another office is nobody's business
	is(t, register(una, numberA), nil)
	is(t, register(otto, numberA), twofactor.ErrNumberTaken)
	is(t, register(otto, phone.Number{E164: "+93701234567", Country: "AF"}), twofactor.ErrCountryClosed)
	is(t, register(otto, numberB), nil)
}

func TestAResetTakesEveryFactorAndEndsTheSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u := f.confirmed(f.user(office, account.RoleUser), numberA)
	bystander := f.confirmed(f.user(office, account.RoleUser), numberB)
	f.app(u)
	f.recoveryCodes(u)
	f.Exec("insert into factor_failures values ($1, 7, null)", u.ID)
	pending := f.begin(u)
	if err := f.factors.SendOnFile(t.Context(), pending, "en"); err != nil {
		t.Fatal(err)
	}
	code := f.code(pending)
	f.signedIn(u, 0)
	boss := f.signedIn(f.user(office, account.RoleSuperuser), 9*time.Minute)
	if _, err := f.factors.Reset(t.Context(), boss, browser, u.ID); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"mobile_numbers", "authenticators", "recovery_codes"} {
		if n := f.Int("select count(*) from "+table+" where user_id = $1", u.ID); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	if n := f.Int("select count(*) from sessions where user_id = $1 and ended_at is null", u.ID); n != 0 {
		t.Errorf("%d sessions live on", n)
	}
	if f.failures(u) != 0 {
		t.Error("the failures stay")
	}
	if n := f.Int("select count(*) from notices where user_id = $1 and kind = 'reset'", u.ID); n != 1 {
		t.Error("the user is not told")
	}
	if n := f.Int(`select count(*) from audit_events where action = 'two_factor_reset' and subject_id = $1
		and actor_id = $2`, u.ID, boss.User.ID); n != 1 {
		t.Error("it is not written down")
	}
	is(t, f.verify(pending, code), twofactor.ErrOver)
	if m, err := f.enrolled(bystander.ID); err != nil || !m.Has(factor.SMS) {
		t.Error("somebody else lost theirs")
	}
}

func TestWhoMayResetWhom(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	strict, loose := f.office("ACME", required), f.office("LOOSE", optional)
	subject := f.confirmed(f.user(strict, account.RoleUser), numberA)
	elsewhere := f.confirmed(f.user(loose, account.RoleUser), numberA)
	super := f.user(strict, account.RoleSuperuser)
	// In an office that demands nothing the password is the proof.
	relaxed := func(ago time.Duration) session.Session {
		sess := f.begin(f.user(loose, account.RoleSuperuser))
		sess.PasswordAt = sess.Now.Add(-ago)
		return sess
	}
	for _, test := range []struct {
		name string
		sess session.Session
		of   int64
		want error
	}{
		{"a user", f.signedIn(f.user(strict, account.RoleUser), 0), subject.ID, twofactor.ErrNotAllowed},
		{"an accountant", f.signedIn(f.user(strict, account.RoleAccountant), 0), subject.ID, twofactor.ErrNotAllowed},
		{"a superuser, stale", f.signedIn(super, 11*time.Minute), subject.ID, fault.StepUpRequired},
		{"a superuser, themselves", f.signedIn(super, 0), super.ID, twofactor.ErrNotAllowed},
		{"a superuser of another office", f.signedIn(super, 0), elsewhere.ID, account.ErrUnknown},
		{"a relaxed superuser, stale", relaxed(11 * time.Minute), elsewhere.ID, fault.StepUpRequired},
		{"a relaxed superuser", relaxed(time.Minute), elsewhere.ID, nil},
		{"a superuser", f.signedIn(super, time.Minute), subject.ID, nil},
	} {
		if _, err := f.factors.Reset(t.Context(), test.sess, browser, test.of); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestTheLastFactorStaysWhereTheOfficeDemandsOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	strict := f.office("ACME", required)
	u := f.user(strict, account.RoleUser)
	f.app(u)
	sess := f.signedIn(u, 0)
	is(t, f.factors.Remove(t.Context(), sess, browser, factor.App), twofactor.ErrLastFactor)

	f.confirmed(u, numberA)
	is(t, f.factors.Remove(t.Context(), f.signedIn(u, 11*time.Minute), browser, factor.App), fault.StepUpRequired)
	f.recoveryCodes(u)
	other := f.signedIn(u, 0)
	if err := f.factors.Remove(t.Context(), sess, browser, factor.App); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from authenticators"); n != 0 {
		t.Error("the app stays")
	}
	if n := f.Int("select count(*) from recovery_codes"); n != 10 {
		t.Errorf("who has a number left has %d recovery codes", n)
	}
	if n := f.Int("select count(*) from sessions where id = $1 and ended_at is null", other.ID); n != 0 {
		t.Error("another session lives on")
	}
	if n := f.Int("select count(*) from notices where kind = 'app_removed'"); n != 1 {
		t.Error("the user is not told")
	}
	is(t, f.factors.Remove(t.Context(), sess, browser, factor.App), twofactor.ErrOver)

	free := f.user(f.office("LOOSE", optional), account.RoleUser)
	f.app(free)
	f.recoveryCodes(free)
	if err := f.factors.Remove(t.Context(), f.signedIn(free, 0), browser, factor.App); err != nil {
		t.Errorf("where the office demands none: %v", err)
	}
	if n := f.Int("select count(*) from recovery_codes where user_id = $1", free.ID); n != 0 {
		t.Error("recovery codes stay without a factor")
	}
}

func TestRecoveryCodesAreShownToTheSessionThatMadeThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	maker, other := f.signedIn(u, 0), f.signedIn(u, 0)
	if err := f.factors.NewRecoveryCodes(t.Context(), maker, browser); err != nil {
		t.Fatal(err)
	}
	codes, err := f.factors.RecoverySheet(t.Context(), maker)
	if err != nil || len(codes) != recovery.Codes {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	seen := map[string]bool{}
	for _, c := range codes {
		seen[c] = true
	}
	if len(seen) != 10 {
		t.Error("some are the same")
	}
	_, err = f.factors.RecoverySheet(t.Context(), other)
	is(t, err, twofactor.ErrOver)

	f.Exec("update recovery_sheets set expires_at = now() - interval '1 second'")
	_, err = f.factors.RecoverySheet(t.Context(), maker)
	is(t, err, twofactor.ErrOver)

	f.Exec("update recovery_sheets set expires_at = now() + interval '1 minute'")
	if err := f.factors.KeepRecoveryCodes(t.Context(), maker); err != nil {
		t.Fatal(err)
	}
	_, err = f.factors.RecoverySheet(t.Context(), maker)
	is(t, err, twofactor.ErrOver)
	if err := f.verifyRecovery(f.begin(u), codes[9]); err != nil {
		t.Errorf("a kept code: %v", err)
	}
}

func TestNewRecoveryCodesReplaceTheOldAndNeedAFreshProof(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	old := f.recoveryCodes(u)
	is(t, f.factors.NewRecoveryCodes(t.Context(), f.signedIn(u, 11*time.Minute), browser), fault.StepUpRequired)
	f.recoveryCodes(u)
	if err := f.verifyRecovery(f.begin(u), old[0]); err == nil {
		t.Error("an old code serves")
	}
	bare := f.user(u.OfficeID, account.RoleUser)
	is(t, f.factors.NewRecoveryCodes(t.Context(), f.signedIn(bare, 0), browser), twofactor.ErrOver)
}

func TestARecoveryCodeOfAnotherUserIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	codes := f.recoveryCodes(u)
	other := f.confirmed(f.user(u.OfficeID, account.RoleUser), numberB)
	wrong(t, f.verifyRecovery(f.begin(other), codes[0]), 4)
	f.Exec("update recovery_codes set user_id = $1", other.ID)
	wrong(t, f.verifyRecovery(f.begin(other), codes[0]), 4)
}

func TestASecretCopiedToAnotherUserDoesNotOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	a, b := f.user(office, account.RoleUser), f.user(office, account.RoleUser)
	secret := f.app(a)
	f.app(b)
	f.Exec(`update authenticators set secret_ct = (select secret_ct from authenticators where user_id = $1)
		where user_id = $2`, a.ID, b.ID)
	if err := f.verifyApp(f.begin(b), f.step(secret, 0)); err == nil {
		t.Error("the code of A lets B in")
	}
	if f.raised(b) != 0 {
		t.Error("raised")
	}
	if err := f.verifyApp(f.begin(a), f.step(secret, 0)); err != nil {
		t.Errorf("A: %v", err)
	}
}

func TestATimeBasedCodeServesOneStepAroundNow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	for offset := int64(-4); offset <= 4; offset++ {
		u := f.user(office, account.RoleUser)
		err := f.verifyApp(f.begin(u), f.step(f.app(u), offset))
		if want := offset >= -1 && offset <= 1; (err == nil) != want {
			t.Errorf("T%+d: %v", offset, err)
		}
	}
}

// CVE-2021-43177: with "<>" in the place of "<" two steps could take turns for ever.
func TestAStepServesOnceAndNoneBeforeItAfterwards(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	for _, test := range []struct {
		offset int64
		want   bool
	}{{1, true}, {0, false}, {-1, false}, {1, false}} {
		if err := f.verifyApp(f.begin(u), f.step(secret, test.offset)); (err == nil) != test.want {
			t.Errorf("T%+d: %v", test.offset, err)
		}
	}
}

// A phone whose clock is off is told so. It is a wrong try as any other, and whoever guessed a code to come has gained
// nothing by hearing it: it admits nobody when its moment has come.
func TestACodeOfAnotherMomentSaysSoAndAdmitsNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	for i, offset := range []int64{-4, 6, 21} {
		sess := f.begin(u)
		err := f.verifyApp(sess, f.step(secret, offset))
		var wrong *twofactor.Wrong
		if !errors.As(err, &wrong) || wrong.Left != 4 {
			t.Fatalf("T%+d: %v", offset, err)
		}
		want := time.Duration(offset) * otp.Period
		if offset == 21 {
			want = 0 // too far to be a clock's
		}
		if wrong.Clock != want {
			t.Errorf("T%+d: the clock is %s off", offset, wrong.Clock)
		}
		if n := f.failures(u); n != i+1 {
			t.Errorf("T%+d: %d failures are counted", offset, n)
		}
	}
	if steps := f.Int("select clock_steps from authenticators where user_id = $1", u.ID); steps != 6 {
		t.Errorf("the app's clock is noted as %d steps off", steps) // of the last that was near
	}
	told := f.step(secret, 6)
	f.now = f.now.Add(6 * otp.Period)
	if err := f.verifyApp(f.begin(u), told); err == nil {
		t.Error("a code that was told admits when its moment has come")
	}
	if err := f.verifyApp(f.begin(u), f.step(secret, 1)); err != nil {
		t.Errorf("the next code does not: %v", err)
	}
	// Setting an app up.
	v := f.user(u.OfficeID, account.RoleUser)
	sess := f.begin(v)
	setup, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, f.step(setup.Secret, -10))
	var wrong *twofactor.Wrong
	if !errors.As(err, &wrong) || wrong.Clock != -10*otp.Period {
		t.Errorf("five minutes slow in the set-up: %v", err)
	}
}

// Apps keep one entry for a label: an operator, and two offices, have users of one name.
func TestTheLabelSaysWhoseAndWhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	labels := map[string]string{}
	for _, code := range []string{"ACME", "BETA"} {
		u := f.user(f.office(code, required), account.RoleUser)
		f.Exec("update users set username = 'jdoe' where id = $1", u.ID)
		u.Username = "jdoe"
		setup, err := f.factors.BeginEnrolment(t.Context(), f.begin(u), factor.App)
		if err != nil {
			t.Fatal(err)
		}
		label, _, _ := strings.Cut(setup.URI, "?")
		if labels[label] != "" || !strings.Contains(label, code) || !strings.Contains(label, "jdoe") {
			t.Errorf("the label is %s", label)
		}
		labels[label] = code
	}
}

// The key is the same as long as its page can be used.
func TestTheKeyLivesAsLongAsItsSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	if _, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App); err != nil {
		t.Fatal(err)
	}
	if n := f.Int(`select count(*) from enrolments e join sessions s on s.id = e.session_id
		where s.id = $1 and e.expires_at = s.expires_at`, sess.ID); n != 1 {
		t.Error("the key ends before its session, or after it")
	}
}

func TestTheCodeThatSetTheAppUpIsUsed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	enrolment, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil || again.Secret != enrolment.Secret {
		t.Error("loading the page again changes the key under the camera")
	}
	elsewhere, err := f.factors.BeginEnrolment(t.Context(), f.begin(u), factor.App)
	if err != nil || elsewhere.Secret == enrolment.Secret {
		t.Error("another log-in is shown the same key")
	}
	proven, err := f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, f.step(enrolment.Secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	in := f.load(proven.Token)
	if in.Level != 2 {
		t.Error("enrolment did not complete the log-in")
	}
	if codes, err := f.factors.RecoverySheet(t.Context(), in); err != nil || len(codes) != 10 {
		t.Errorf("%d recovery codes, %v", len(codes), err)
	}
	if err := f.verifyApp(f.begin(u), f.step(enrolment.Secret, 0)); err == nil {
		t.Error("it serves as the next log-in's code")
	}
	if n := f.Int("select count(*) from enrolments where session_id = $1", sess.ID); n != 0 {
		t.Error("the enrolment stays")
	}
}

func TestAnOldEnrolmentIsDead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	enrolment, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("update enrolments set expires_at = now() - interval '1 second'")
	_, err = f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, f.step(enrolment.Secret, 0))
	is(t, err, twofactor.ErrOver)
}

func TestWrongCodesOfAnAppBeingSetUpAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	enrolment, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	for left := 4; left >= 0; left-- {
		_, err := f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, not(f.step(enrolment.Secret, 0)))
		wrong(t, err, left)
	}
	_, err = f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, f.step(enrolment.Secret, 0))
	is(t, err, twofactor.ErrOver)
}

func TestTheOwnNumberChangesWithAFreshProofOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	is(t, f.factors.SendTo(t.Context(), f.signedIn(u, 11*time.Minute), numberB, "en"), fault.StepUpRequired)

	sess, other := f.signedIn(u, time.Minute), f.signedIn(u, 0)
	if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	if got := f.Text("select number from mobile_numbers where user_id = $1", u.ID); got != numberA.E164 {
		t.Error("the number changed before it was proven")
	}
	if err := f.verify(sess, f.code(sess)); err != nil {
		t.Fatal(err)
	}
	if got := f.Text("select number from mobile_numbers where user_id = $1 and confirmed_at is not null",
		u.ID); got != numberB.E164 {
		t.Errorf("the number is %s", got)
	}
	if n := f.Int("select count(*) from sessions where id = $1 and ended_at is null", other.ID); n != 0 {
		t.Error("another session lives on")
	}
	if n := f.Int("select count(*) from notices where user_id = $1 and kind = 'number_changed'", u.ID); n != 1 {
		t.Error("the user is not told")
	}
}

func TestAChangeOfNumberIsNotTakenUpAgainWithoutAFreshProof(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.signedIn(u, 9*time.Minute)
	if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	f.Exec("update challenges set asked_at = asked_at - interval '1 hour', expires_at = now() - interval '50 minutes'")
	f.Exec("update sessions set second_factor_at = second_factor_at - interval '1 hour'")
	is(t, f.resend(sess), fault.StepUpRequired)
	if n := f.messages(u); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestAProofInsideASessionMakesItFreshWithANewToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	sess := f.signedIn(u, time.Hour)
	if sess.RequireStepUp(session.StepUpOwn) == nil {
		t.Error("an hour is fresh")
	}
	proven, err := f.factors.Prove(t.Context(), sess, browser, factor.App, f.step(secret, 0))
	if err != nil || proven.Purpose != factor.PurposeStepUp {
		t.Fatal(proven.Purpose, err)
	}
	if err := f.load(proven.Token).RequireStepUp(session.StepUpOwn); err != nil {
		t.Error("it is not fresh")
	}
}

func TestFiveWrongProofsEndASignedInSessionToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	sess := f.signedIn(u, time.Hour)
	for range 5 {
		_ = f.verifyApp(sess, not(f.step(secret, 0)))
	}
	if n := f.Int("select count(*) from sessions where id = $1 and ended_at is null", sess.ID); n != 0 {
		t.Error("it lives on")
	}
}

func TestALogInWithoutTheOfficesDemandIsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("LOOSE", optional), account.RoleUser), numberA)
	if sess := f.begin(u); sess.Pending() || sess.Level != 1 {
		t.Errorf("level %d, pending %v", sess.Level, sess.Pending())
	}
	if f.messages(u) != 0 {
		t.Error("a message was sent")
	}
	if f.audited(audit.SignedIn) != 1 {
		t.Error("it is not written down")
	}
}

func TestWhoHasBothIsAskedForTheAppAndSentNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	f.app(u)
	f.begin(u)
	if f.messages(u) != 0 {
		t.Error("a message was sent unasked")
	}
}

func TestAProofByAppEndsTheCodeUnderWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	secret := f.app(u)
	sess := f.begin(u)
	if err := f.factors.SendOnFile(context.Background(), sess, "en"); err != nil {
		t.Fatal(err)
	}
	if err := f.verifyApp(sess, f.step(secret, 0)); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from challenges where ended_at is null"); n != 0 {
		t.Error("a second key to the same door")
	}
}

func TestNoticesAreToldUntilTheyAreSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	other := f.user(u.OfficeID, account.RoleUser)
	f.Exec("insert into notices (user_id, kind) values ($1, 'reset'), ($1, 'app_added'), ($2, 'reset')", u.ID, other.ID)
	told, err := f.factors.Notices(t.Context(), u.ID)
	if err != nil || len(told) != 2 || told[0].Kind != twofactor.NoticeAppAdded {
		t.Fatal(told, err)
	}
	if err := f.factors.SeeNotices(t.Context(), u.ID, told[1].ID); err != nil {
		t.Fatal(err)
	}
	if left, _ := f.factors.Notices(t.Context(), u.ID); len(left) != 1 {
		t.Errorf("%d left", len(left))
	}
	if left, _ := f.factors.Notices(t.Context(), other.ID); len(left) != 1 {
		t.Error("another user's was put away")
	}
}

func TestUpkeepDropsWhatIsOld(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	old, live := f.begin(u), f.begin(u)
	f.Exec("update sessions set expires_at = now() - interval '31 days' where id = $1", old.ID)
	f.Exec(`insert into password_failures
		select 'ACME/' || n, '', 1, now() - interval '2 days', now() - interval '2 days' from generate_series(1, 5001) n`)
	if err := f.factors.Upkeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from sessions"); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if n := f.Int("select count(*) from password_failures"); n != 0 {
		t.Errorf("%d old counts stay", n)
	}
	if err := f.verify(live, f.code(live)); err != nil {
		t.Errorf("a living log-in: %v", err)
	}
}
