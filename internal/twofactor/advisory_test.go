package twofactor_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Faults that others had, by their number in docs/advisories.md; more of them are beside the rule that they broke.

// bySSO is a log-in that came by single sign-on, of an office that asks for its own second step after it.
func (f *fixture) bySSO(u account.User) session.Session {
	token := session.NewToken()
	f.Exec(`insert into sessions (user_id, token_hash, level, methods, address, user_agent, expires_at)
		values ($1, $2, 1, '{sso}', '', '', now() + interval '10 minutes')`, u.ID, token.Hash())
	f.Exec(`insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
		values ($1, 'https://idp.example', 'x', 'x', 'ask') on conflict do nothing`, u.OfficeID)
	return f.load(token)
}

// 9, 11: what a user may get wrong is one budget, however many log-ins of theirs wait at once.
func TestTwentyPendingLogInsShareOneBudget(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	sessions := make([]session.Session, 20)
	for i := range sessions {
		sessions[i] = f.begin(u)
	}
	guess := not(f.step(secret, 0))
	for _, near := range []int64{-1, 1} {
		if guess == f.step(secret, near) {
			t.Skip("two codes are the same by chance")
		}
	}
	compared := 0
	for _, err := range atOnce(20*3, func(i int) error { return f.verifyApp(sessions[i%20], guess) }) {
		var wrong *twofactor.Wrong
		if errors.As(err, &wrong) {
			compared++
		}
	}
	if compared != 10 {
		t.Errorf("%d codes were compared over twenty log-ins", compared)
	}
	var wait *twofactor.Wait
	if err := f.verifyApp(sessions[19], f.step(secret, 0)); !errors.As(err, &wait) {
		t.Errorf("the right code, after them: %v", err)
	}
}

// 9: and the user is told that somebody has the password.
func TestFiveWrongCodesAfterARightPasswordAreToldToTheUser(t *testing.T) {
	t.Parallel()
	f, post := mailed(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	sess := f.begin(u)
	code := f.code(sess)
	for range 5 {
		_ = f.verify(sess, not(code))
	}
	told, err := f.factors.Notices(t.Context(), u.ID)
	if err != nil || len(told) != 1 || told[0].Kind != twofactor.NoticeGuessed {
		t.Errorf("on screen: %v, %v", told, err)
	}
	if got := post.kinds(u); len(got) != 1 || got[0] != string(twofactor.NoticeGuessed) {
		t.Errorf("by mail: %v", got)
	}
}

// 18: a recovery code is used up by every kind of log-in.
func TestARecoveryCodeServesOnceAfterSingleSignOnToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	codes := f.recoveryCodes(u)
	if err := f.verifyRecovery(f.bySSO(u), codes[0]); err != nil {
		t.Fatal(err)
	}
	for name, sess := range map[string]session.Session{"single sign-on": f.bySSO(u), "the password": f.begin(u)} {
		if err := f.verifyRecovery(sess, codes[0]); err == nil {
			t.Errorf("it serves again after %s", name)
		}
	}
	if errs := atOnce(16, func(int) error { return f.verifyRecovery(f.bySSO(u), codes[1]) }); succeeded(errs) != 1 {
		t.Errorf("%d of sixteen got in with one code", succeeded(errs))
	}
}

// 25: sessions from before the user's first factor do not live on beside it.
func TestAFirstFactorEndsTheSessionsFromBeforeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", optional), account.RoleUser)
	here, there := f.begin(u), f.begin(u)
	if here.Pending() || there.Pending() {
		t.Fatal("the office demands no second factor")
	}
	enrolment, err := f.factors.BeginEnrolment(t.Context(), here, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.factors.ConfirmEnrolment(t.Context(), here, browser, factor.App,
		f.step(enrolment.Secret, 0)); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from sessions where id = $1 and ended_at is null", there.ID); n != 0 {
		t.Error("the other browser is in with a password alone")
	}
}

// 35: who must wait, waits everywhere: at every kind of log-in, in a session, and while setting up an app.
func TestAUserWhoMustWaitIsRefusedOnEveryWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u, fresh := f.user(office, account.RoleUser), f.user(office, account.RoleUser)
	secret, codes := f.app(u), f.recoveryCodes(u)
	enrolling := f.begin(fresh)
	enrolment, err := f.factors.BeginEnrolment(t.Context(), enrolling, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	inside, bySSO, pending := f.signedIn(u, time.Hour), f.bySSO(u), f.begin(u)
	for _, who := range []account.User{u, fresh} {
		f.Exec(`insert into factor_failures (user_id, stranger, in_a_row, wait_until)
			values ($1, true, 10, now() + interval '15 minutes'), ($1, false, 10, now() + interval '15 minutes')
			on conflict (user_id, stranger) do update set in_a_row = 10, wait_until = excluded.wait_until`, who.ID)
	}
	_, confirmed := f.factors.ConfirmEnrolment(t.Context(), enrolling, browser, factor.App, f.step(enrolment.Secret, 0))
	for way, err := range map[string]error{
		"a log-in by app": f.verifyApp(pending, f.step(secret, 0)), "a log-in by recovery code": f.verifyRecovery(pending,
			codes[0]),
		"single sign-on and the app":         f.verifyApp(bySSO, f.step(secret, 0)),
		"single sign-on and a recovery code": f.verifyRecovery(bySSO, codes[1]),
		"a proof in a session":               f.verifyApp(inside, f.step(secret, 0)),
		"the same by recovery code":          f.verifyRecovery(inside, codes[2]),
		"setting up an app":                  confirmed, "a text message": f.factors.SendTo(t.Context(),
			f.begin(fresh), numberB, "en"),
	} {
		var wait *twofactor.Wait
		if !errors.As(err, &wait) {
			t.Errorf("%s: %v", way, err)
		}
	}
	if n := f.Int("select count(*) from recovery_codes where used_at is not null") + f.messages(fresh); n != 0 {
		t.Error("something was used up or sent")
	}
}

// 36: proofs inside a session have the log-in's limits, over all sessions and together with the log-ins of known
// browsers.
func TestProofsInSessionsAndAtLogInsAreOneBudget(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	secret := f.app(u)
	factory.KnownBrowser(t, f.pool, u.ID, string(browser.Browser))
	guess, compared := not(f.step(secret, 0)), 0
	for i := range 30 {
		sess := f.signedIn(u, time.Hour)
		if i%2 == 0 {
			sess = f.begin(u)
		}
		for range 4 {
			var wrong *twofactor.Wrong
			if errors.As(f.verifyApp(sess, guess), &wrong) {
				compared++
			}
		}
	}
	if compared != 10 {
		t.Errorf("%d codes were compared", compared)
	}
}
