package twofactor_test

import (
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func (f *fixture) recoveryLeft(u account.User) int {
	return f.Int("select count(*) from recovery_codes where user_id = $1 and used_at is null", u.ID)
}

// enrolApp sets an app up in a session.
func (f *fixture) enrolApp(sess session.Session) twofactor.Proven {
	f.t.Helper()
	setup, err := f.factors.BeginEnrolment(f.t.Context(), sess, factor.App)
	if err != nil {
		f.t.Fatal(err)
	}
	code := otptest.Code(f.t, setup.Secret, f.now.Unix()/30)
	proven, err := f.factors.ConfirmEnrolment(f.t.Context(), sess, browser, factor.App, code)
	if err != nil {
		f.t.Fatal(err)
	}
	return proven
}

// proves enters the code of the session's text message.
func (f *fixture) proves(sess session.Session) twofactor.Proven {
	f.t.Helper()
	proven, err := f.factors.Prove(f.t.Context(), sess, browser, factor.SMS, f.code(sess))
	if err != nil {
		f.t.Fatal(err)
	}
	return proven
}

// Whoever enrols a first factor, of whichever kind and wherever, has ten codes beside it, and sees them.
func TestEveryFirstFactorBringsRecoveryCodes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	strict, relaxed := f.office("ACME", required), f.office("OTHER", optional)
	for what, enrol := range map[string]func() (account.User, twofactor.Proven){
		"a number at a log-in": func() (account.User, twofactor.Proven) {
			u := f.user(strict, account.RoleUser)
			sess := f.begin(u)
			is(t, f.factors.SendTo(t.Context(), sess, numberA, "en"), nil)
			return u, f.proves(sess)
		},
		"a number that the office registered": func() (account.User, twofactor.Proven) {
			u := f.unconfirmed(f.user(strict, account.RoleUser), numberB)
			sess := f.begin(u)
			is(t, f.factors.SendOnFile(t.Context(), sess, "en"), nil)
			return u, f.proves(sess)
		},
		"a number in settings": func() (account.User, twofactor.Proven) {
			u := f.user(relaxed, account.RoleUser)
			sess := f.begin(u)
			is(t, f.factors.SendTo(t.Context(), sess, numberA, "en"), nil)
			return u, f.proves(sess)
		},
		"an app at a log-in": func() (account.User, twofactor.Proven) {
			u := f.user(strict, account.RoleUser)
			return u, f.enrolApp(f.begin(u))
		},
	} {
		u, proven := enrol()
		sheet, err := f.factors.RecoverySheet(t.Context(), f.load(proven.Token))
		if !proven.NewCodes || err != nil || len(sheet) != 10 || f.recoveryLeft(u) != 10 {
			t.Errorf("%s: told %v, %d codes shown, %d there, %v", what, proven.NewCodes, len(sheet), f.recoveryLeft(u), err)
			continue
		}
		if what == "a number in settings" {
			f.Exec("update offices set two_factor_required = true")
		}
		if err := f.verifyRecovery(f.begin(u), sheet[0]); err != nil {
			t.Errorf("%s: one of them: %v", what, err)
		}
	}
}

// A second factor and another number leave the codes that there are, and they go with the last factor.
func TestRecoveryCodesStayAsLongAsAFactorDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", optional), account.RoleUser)
	first := f.enrolApp(f.begin(u))
	codes := f.Text("select md5(string_agg(code_mac::text, '' order by id)) from recovery_codes")
	same := func(what string) {
		t.Helper()
		if f.Text("select md5(string_agg(code_mac::text, '' order by id)) from recovery_codes") != codes {
			t.Errorf("%s changes the codes", what)
		}
	}
	sess := f.load(first.Token)
	is(t, f.factors.SendTo(t.Context(), sess, numberA, "en"), nil)
	second := f.proves(sess)
	same("a number beside the app")
	sess = f.load(second.Token)
	is(t, f.factors.SendTo(t.Context(), sess, numberB, "en"), nil)
	third := f.proves(sess)
	same("another number")
	if !first.NewCodes || second.NewCodes || third.NewCodes {
		t.Errorf("codes were told of: %v, %v, %v", first.NewCodes, second.NewCodes, third.NewCodes)
	}
	sess = f.load(third.Token)
	is(t, f.factors.Remove(t.Context(), sess, browser, factor.App), nil)
	same("the app's removal, with a number left,")
	is(t, f.factors.Remove(t.Context(), sess, browser, factor.SMS), nil)
	if f.recoveryLeft(u) != 0 {
		t.Error("codes are left without a factor")
	}
}
