package twofactor_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Faults that others had, by their number in docs/advisories.md; more of them are beside the rule that they broke.

// bySSO is a log-in that came by single sign-on, of an office that asks for its own second step after it.
func (w *world) bySSO(u account.User) session.Session {
	token := session.NewToken()
	w.exec(`insert into sessions (user_id, token_hash, level, methods, address, user_agent, expires_at)
		values ($1, $2, 1, '{sso}', '', '', now() + interval '10 minutes')`, u.ID, token.Hash())
	w.exec(`insert into sso_providers (office_id, issuer, client_id, secret_ct, policy) values ($1, 'https://idp.example', 'x', 'x', 'ask') on conflict do nothing`, u.OfficeID)
	return w.load(token)
}

// 9, 11: what a user may get wrong is one budget, however many log-ins of theirs wait at once.
func TestTwentyPendingLogInsShareOneBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	secret := w.app(u)
	sessions := make([]session.Session, 20)
	for i := range sessions {
		sessions[i] = w.begin(u)
	}
	guess := not(w.step(secret, 0))
	for _, near := range []int64{-1, 1} {
		if guess == w.step(secret, near) {
			t.Skip("two codes are the same by chance")
		}
	}
	compared := 0
	for _, err := range atOnce(20*3, func(i int) error { return w.verifyApp(sessions[i%20], guess) }) {
		var wrong *twofactor.Wrong
		if errors.As(err, &wrong) {
			compared++
		}
	}
	if compared != 10 {
		t.Errorf("%d codes were compared over twenty log-ins", compared)
	}
	var wait *twofactor.Wait
	if err := w.verifyApp(sessions[19], w.step(secret, 0)); !errors.As(err, &wait) {
		t.Errorf("the right code, after them: %v", err)
	}
}

// 9: and the user is told that somebody has the password.
func TestFiveWrongCodesAfterARightPasswordAreToldToTheUser(t *testing.T) {
	t.Parallel()
	w, post := mailed(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	sess := w.begin(u)
	code := w.code(sess)
	for range 5 {
		_ = w.verify(sess, not(code))
	}
	told, err := w.factors.Notices(t.Context(), u.ID)
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
	w := newWorld(t)
	u := w.smsUser()
	codes := w.recoveryCodes(u)
	if err := w.verifyRecovery(w.bySSO(u), codes[0]); err != nil {
		t.Fatal(err)
	}
	for name, sess := range map[string]session.Session{"single sign-on": w.bySSO(u), "the password": w.begin(u)} {
		if err := w.verifyRecovery(sess, codes[0]); err == nil {
			t.Errorf("it serves again after %s", name)
		}
	}
	if errs := atOnce(16, func(int) error { return w.verifyRecovery(w.bySSO(u), codes[1]) }); succeeded(errs) != 1 {
		t.Errorf("%d of sixteen got in with one code", succeeded(errs))
	}
}

// 25: sessions from before the user's first factor do not live on beside it.
func TestAFirstFactorEndsTheSessionsFromBeforeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", optional), account.RoleUser)
	here, there := w.begin(u), w.begin(u)
	if here.Pending() || there.Pending() {
		t.Fatal("the office demands no second factor")
	}
	enrolment, err := w.factors.BeginEnrolment(t.Context(), here, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.ConfirmEnrolment(t.Context(), here, browser, factor.App, w.step(enrolment.Secret, 0)); err != nil {
		t.Fatal(err)
	}
	if n := w.number("select count(*) from sessions where id = $1 and ended_at is null", there.ID); n != 0 {
		t.Error("the other browser is in with a password alone")
	}
}

// 35: who must wait, waits everywhere: at every kind of log-in, in a session, and while setting up an app.
func TestAUserWhoMustWaitIsRefusedOnEveryWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	u, fresh := w.user(office, account.RoleUser), w.user(office, account.RoleUser)
	secret, codes := w.app(u), w.recoveryCodes(u)
	enrolling := w.begin(fresh)
	enrolment, err := w.factors.BeginEnrolment(t.Context(), enrolling, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	inside, bySSO, pending := w.signedIn(u, time.Hour), w.bySSO(u), w.begin(u)
	for _, who := range []account.User{u, fresh} {
		w.exec("insert into factor_failures values ($1, 10, now() + interval '15 minutes') on conflict (user_id) do update set in_a_row = 10, wait_until = excluded.wait_until", who.ID)
	}
	_, confirmed := w.factors.ConfirmEnrolment(t.Context(), enrolling, browser, factor.App, w.step(enrolment.Secret, 0))
	for way, err := range map[string]error{
		"a log-in by app": w.verifyApp(pending, w.step(secret, 0)), "a log-in by recovery code": w.verifyRecovery(pending, codes[0]),
		"single sign-on and the app": w.verifyApp(bySSO, w.step(secret, 0)), "single sign-on and a recovery code": w.verifyRecovery(bySSO, codes[1]),
		"a proof in a session": w.verifyApp(inside, w.step(secret, 0)), "the same by recovery code": w.verifyRecovery(inside, codes[2]),
		"setting up an app": confirmed, "a text message": w.factors.SendTo(t.Context(), w.begin(fresh), numberB, "en"),
	} {
		var wait *twofactor.Wait
		if !errors.As(err, &wait) {
			t.Errorf("%s: %v", way, err)
		}
	}
	if n := w.number("select count(*) from recovery_codes where used_at is not null") + w.messages(fresh); n != 0 {
		t.Error("something was used up or sent")
	}
}

// 36: proofs inside a session have the log-in's limits, over all sessions and together with them.
func TestProofsInSessionsAndAtLogInsAreOneBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	secret := w.app(u)
	guess, compared := not(w.step(secret, 0)), 0
	for i := range 30 {
		sess := w.signedIn(u, time.Hour)
		if i%2 == 0 {
			sess = w.begin(u)
		}
		for range 4 {
			var wrong *twofactor.Wrong
			if errors.As(w.verifyApp(sess, guess), &wrong) {
				compared++
			}
		}
	}
	if compared != 10 {
		t.Errorf("%d codes were compared", compared)
	}
}
