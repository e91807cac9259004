package twofactor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// smsUser is a user with a confirmed number in an office that demands two factors.
func (w *world) smsUser() account.User {
	return w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
}

func TestAWrongCodeIsCountedAndTheFifthEndsTheLogIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	code := w.code(sess)
	for left := 4; left >= 0; left-- {
		wrong(t, w.verify(sess, not(code)), left)
	}
	is(t, w.verify(sess, code), twofactor.ErrOver)
	if n := w.number("select count(*) from sessions where id = $1 and ended_at is null", sess.ID); n != 0 {
		t.Error("the pending log-in lives on after five wrong codes")
	}
	if n := w.number("select count(*) from notices where user_id = $1 and kind = 'guessed'", u.ID); n != 1 {
		t.Errorf("%d notices that somebody had the password", n)
	}
	if n := w.audited(audit.SecondFactorRefused); n != 5 {
		t.Errorf("%d refusals written down", n)
	}
}

func TestACodeServesOnlyTheLogInItWasMadeFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	other := w.confirmed(w.user(u.OfficeID, account.RoleUser), numberB)
	a, b, c := w.begin(u), w.begin(u), w.begin(other)
	codeA := w.code(a)
	if codeA == w.code(b) || codeA == w.code(c) {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, w.verify(b, codeA), 4)
	wrong(t, w.verify(c, codeA), 4)
	if err := w.verify(a, codeA); err != nil {
		t.Errorf("its own log-in: %v", err)
	}
	if w.raised(other) != 0 || w.raised(u) != 1 {
		t.Error("another log-in was raised")
	}
}

func TestAnExpiredCodeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	code := w.code(sess)
	w.exec("update challenges set expires_at = now() - interval '1 second'")
	is(t, w.verify(sess, code), twofactor.ErrOver)
	if w.raised(u) != 0 {
		t.Error("raised")
	}
}

func TestACodeOfAnEndedSessionIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	code := w.code(sess)
	w.exec("update sessions set ended_at = now() where id = $1", sess.ID)
	if err := w.verify(sess, code); err == nil {
		t.Error("an ended session was raised")
	}
	if w.raised(u) != 0 {
		t.Error("raised")
	}
}

func TestACodeLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(w.smsUser())
	if n := w.number("select extract(epoch from expires_at - created_at)::int from challenges"); n != 300 {
		t.Errorf("it lives %d s", n)
	}
}

// CVE-2026-35597: the count must survive what happens after it.
func TestAChargeSurvivesWhatFailsAfterIt(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]bool{"a right code": true, "a wrong code": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.smsUser()
			sess := w.begin(u)
			code := w.code(sess)
			w.exec(`create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'no space left'; end $$`)
			w.exec(`create trigger full_disk before insert on audit_events for each row execute function full_disk()`)
			typed := code
			if !right {
				typed = not(code)
			}
			if err := w.verify(sess, typed); err == nil {
				t.Fatal("nobody gets in without an audit row")
			}
			if n := w.number("select tries from challenges"); n != 1 {
				t.Errorf("%d tries", n)
			}
			if n := w.failures(u); n != 1 {
				t.Errorf("%d failures of the user", n)
			}
			if w.raised(u) != 0 {
				t.Error("raised")
			}
		})
	}
}

func TestARequestThatIsBrokenOffKeepsItsCharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	code := w.code(sess)
	// Whoever holds the user's row stops the second transaction, not the charge.
	tx, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "select 1 from users where id = $1 for no key update", u.ID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := w.factors.Prove(ctx, sess, browser, factor.SMS, code)
		done <- err
	}()
	for w.number("select tries from challenges") == 0 && t.Context().Err() == nil && len(done) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("it went through")
	}
	if n := w.number("select tries from challenges"); n != 1 {
		t.Errorf("%d tries", n)
	}
}

func TestTenWrongProofsInARowMakeTheUserWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	secret, codes := w.app(u), w.recoveryCodes(u)

	// Over a challenge, a session with the app, and one with recovery codes.
	sms := w.begin(u)
	if err := w.factors.SendOnFile(t.Context(), sms, "en"); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		_ = w.verify(sms, not(w.code(sms)))
	}
	app := w.begin(u)
	for range 4 {
		_ = w.verifyApp(app, not(w.step(secret, 0)))
	}
	recovery := w.begin(u)
	for range 2 {
		_ = w.verifyRecovery(recovery, "abcde-abcde-abcde")
	}
	if n := w.failures(u); n != 10 {
		t.Fatalf("%d in a row", n)
	}
	if n := w.audited(audit.SecondFactorWait); n != 1 {
		t.Errorf("%d waits written down", n)
	}
	sent, tries := w.messages(u), w.number("select sum(tries) from challenges")
	waits := func(name string, err error) {
		t.Helper()
		var wait *twofactor.Wait
		if !errors.As(err, &wait) {
			t.Errorf("%s: %v, want a wait", name, err)
		} else if wait.For <= 14*time.Minute || wait.For > 15*time.Minute {
			t.Errorf("%s: a wait of %s", name, wait.For)
		}
	}
	fresh := w.begin(u)
	waits("the app's right code", w.verifyApp(fresh, w.step(secret, 0)))
	waits("a right recovery code", w.verifyRecovery(fresh, codes[0]))
	waits("the right text message", w.verify(sms, w.code(sms)))
	waits("another message", w.factors.SendOnFile(t.Context(), fresh, "en"))
	w.exec("update challenges set asked_at = now() - interval '31 seconds'")
	waits("the message again", w.resend(sms))
	if n := w.messages(u); n != sent {
		t.Errorf("%d messages sent while waiting", n-sent)
	}
	if n := w.number("select sum(tries) from challenges"); n != tries {
		t.Error("a code was compared while waiting")
	}
	if w.raised(u) != 0 {
		t.Error("a session was raised")
	}
	if n := w.number("select count(*) from recovery_codes where used_at is not null"); n != 0 {
		t.Error("a recovery code was used up")
	}

	// The wait over, the next ten cost twice as long.
	w.exec("update factor_failures set wait_until = now() - interval '1 second'")
	for range 2 {
		sess := w.begin(u)
		for range 5 {
			_ = w.verifyApp(sess, not(w.step(secret, 0)))
		}
	}
	if n := w.number("select round(extract(epoch from wait_until - now()) / 60)::int from factor_failures"); n != 30 {
		t.Errorf("the second wait is %d minutes", n)
	}

	// A right proof clears the count. (Twenty in a day lock the user, which is another test's: here a day has gone.)
	w.exec("update factor_failures set wait_until = now() - interval '1 second', in_a_day = 0, locked_at = null")
	if err := w.verifyApp(w.begin(u), w.step(secret, 0)); err != nil {
		t.Fatal(err)
	}
	if n := w.failures(u); n != 0 {
		t.Errorf("%d failures after a success", n)
	}
}

func TestALogInWhileTheUserHasToWaitSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	w.exec("insert into factor_failures values ($1, 10, now() + interval '15 minutes')", u.ID)
	sess := w.begin(u)
	if w.messages(u) != 0 {
		t.Error("a message was sent")
	}
	if !sess.Pending() {
		t.Error("the log-in is not pending")
	}
}

func TestAHundredWrongProofsInARowDisableTheFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	secret := w.app(u)
	w.exec("insert into factor_failures values ($1, 100, now() - interval '1 hour')", u.ID)
	var wait *twofactor.Wait
	if err := w.verifyApp(w.begin(u), w.step(secret, 0)); !errors.As(err, &wait) || !wait.Until.IsZero() {
		t.Errorf("got %v", err)
	}
}

// GHSA-vfph-hjfv-cpv2: starting the whole log-in again does not clear the count (B4).
func TestLoggingInAgainAndAgainDoesNotBuyTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	compared := 0
	for range 30 {
		sess := w.begin(u)
		for range 4 {
			var wrong *twofactor.Wrong
			if err := w.verify(sess, "000000"); errors.As(err, &wrong) {
				compared++
			}
		}
		w.exec("update challenges set expires_at = now() where user_id = $1", u.ID)
	}
	if compared > 10 {
		t.Errorf("%d codes were compared", compared)
	}
	if n := w.messages(u); n > 4 {
		t.Errorf("%d messages were sent", n)
	}
}

func TestAskingAgainKeepsTheCodeAndItsTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sess := w.begin(w.smsUser())
	code := w.code(sess)
	wrong(t, w.verify(sess, not(code)), 4)
	challenge := w.number("select id from challenges")

	waits := func(least, most time.Duration) {
		t.Helper()
		var soon *twofactor.TooSoon
		if err := w.resend(sess); !errors.As(err, &soon) || soon.For <= least || soon.For > most {
			t.Errorf("got %v, want a wait of %s to %s", err, least, most)
		}
	}
	for i, wait := range []time.Duration{30, 60} {
		wait *= time.Second
		waits(wait-5*time.Second, wait)
		w.exec("update challenges set asked_at = asked_at - $1::interval", wait)
		if err := w.resend(sess); err != nil {
			t.Fatal(err)
		}
		if got := w.code(sess); got != code {
			t.Errorf("resend %d has another code", i+1)
		}
	}
	waits(115*time.Second, 120*time.Second)
	if n := w.number("select count(*) from messages where challenge_id = $1", challenge); n != 3 {
		t.Errorf("%d messages of the challenge", n)
	}
	if n := w.number("select tries from challenges where id = $1", challenge); n != 1 {
		t.Errorf("%d tries are counted: the budget is shared", n)
	}
	wrong(t, w.verify(sess, not(code)), 3)

	// 120 s after the third it is a new challenge, and the old code is dead.
	w.exec("update challenges set asked_at = asked_at - interval '121 seconds'")
	if err := w.resend(sess); err != nil {
		t.Fatal(err)
	}
	if w.code(sess) == code {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, w.verify(sess, code), 4)
	if s := w.text("select outcome from challenges where id = $1", challenge); s != "replaced" {
		t.Errorf("the old challenge is %q", s)
	}
	if err := w.verify(sess, w.code(sess)); err != nil {
		t.Errorf("the new code: %v", err)
	}
}

func TestWithLittleLifeLeftAskingAgainMakesANewCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		left time.Duration
		same bool
	}{
		{"more than 90 s", 95 * time.Second, true},
		{"less than 90 s", 89 * time.Second, false},
		{"expired", -time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sess := w.begin(w.smsUser())
			code := w.code(sess)
			w.exec("update challenges set asked_at = now() - interval '31 seconds', expires_at = now() + $1::interval", test.left)
			if err := w.resend(sess); err != nil {
				t.Fatal(err)
			}
			if got := w.code(sess) == code; got != test.same {
				t.Errorf("the same code: %v, want %v", got, test.same)
			}
			if !test.same {
				if err := w.verify(sess, code); err == nil {
					t.Error("the old code is alive")
				}
			}
		})
	}
}

func TestAnOverChallengeIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	w.exec("update challenges set asked_at = now() - interval '31 seconds'")
	proven, err := w.factors.Prove(t.Context(), sess, browser, factor.SMS, w.code(sess))
	if err != nil {
		t.Fatal(err)
	}
	is(t, w.resend(w.load(proven.Token)), twofactor.ErrOver)
	if w.messages(u) != 1 {
		t.Error("a message was sent")
	}
}

func TestAUserHasThreeLiveCodesAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	var first session.Session
	for i := range 5 {
		if sess := w.begin(u); i == 0 {
			first = sess
		}
	}
	if n := w.messages(u); n != 3 {
		t.Errorf("%d messages, want three", n)
	}
	if err := w.verify(first, w.code(first)); err != nil {
		t.Errorf("the owner's own code died of it: %v", err)
	}
	// Ending the log-ins makes no room: their texts are still on their way.
	w.exec("update challenges set ended_at = now(), outcome = 'abandoned', code_ct = null where ended_at is null")
	before := w.messages(u)
	w.begin(u)
	w.begin(u)
	if n := w.messages(u) - before; n > 1 {
		t.Errorf("%d more messages", n)
	}
}

// What was provably never sent does not count against a number or a user, but a log-in ends somewhere.
func TestOneLogInMakesSixChallengesAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	sess := w.begin(u)
	for i := range 7 {
		n := numberA
		if i%2 == 1 {
			n = numberB
		}
		err := w.factors.SendTo(t.Context(), sess, n, "en")
		if i == 6 {
			limited(t, err, twofactor.LimitUnderWay)
		} else if err != nil {
			t.Fatalf("challenge %d: %v", i+1, err)
		}
		w.exec("update messages set state = 'failed', final = true where not final")
	}
	if n := w.messages(u); n != 6 {
		t.Errorf("%d messages", n)
	}
}

func TestGoingBackAndForthSendsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	for range 3 {
		if err := w.factors.SendOnFile(t.Context(), sess, "en"); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.messages(u); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestTheCodeIsWipedWhenItsChallengeEnds(t *testing.T) {
	t.Parallel()
	ends := map[string]func(w *world, sess session.Session){
		"verified": func(w *world, sess session.Session) { _ = w.verify(sess, w.code(sess)) },
		"exhausted": func(w *world, sess session.Session) {
			c := not(w.code(sess))
			for range 5 {
				_ = w.verify(sess, c)
			}
		},
		"expired": func(w *world, _ session.Session) {
			w.exec("update challenges set expires_at = now() - interval '1 second'")
			if err := w.factors.Upkeep(context.Background()); err != nil {
				w.t.Error(err)
			}
		},
		"abandoned": func(w *world, sess session.Session) {
			_ = w.sessions.EndOne(context.Background(), sess, sess.ID, browser)
		},
		"replaced": func(w *world, sess session.Session) {
			w.exec("update challenges set asked_at = now() - interval '31 seconds', expires_at = now() + interval '60 seconds'")
			if err := w.resend(sess); err != nil {
				w.t.Error(err)
			}
		},
	}
	for outcome, end := range ends {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sess := w.begin(w.smsUser())
			id := w.number("select id from challenges")
			end(w, sess)
			if n := w.number("select count(*) from challenges where id = $1 and code_ct is null and ended_at is not null and outcome = $2", id, outcome); n != 1 {
				t.Errorf("outcome %q, and the code stands there", w.text("select outcome from challenges where id = $1", id))
			}
		})
	}
}

func TestTheDatabaseRefusesACodeInAnEndedChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(w.smsUser())
	for _, sql := range []string{
		"update challenges set ended_at = now(), outcome = 'verified'",
		"update challenges set code_ct = null",
		"update challenges set ended_at = now(), code_ct = null",
		"update challenges set tries = 6",
	} {
		if _, err := w.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
}

func TestWhatIsNoCodeIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.smsUser()
	sess := w.begin(u)
	for _, typed := range []string{"", "12345", "1234567", "123456\n", "１２３４５６", "+123456", "123456.0", "null", "\x00", "12345\xff"} {
		is(t, w.verify(sess, typed), twofactor.ErrNotACode)
		is(t, w.verifyApp(sess, typed), twofactor.ErrNotACode)
	}
	if n := w.failures(u); n != 0 {
		t.Errorf("%d failures", n)
	}
	code := w.code(sess)
	if err := w.verify(sess, " "+code[:3]+" - "+code[3:]+" "); err != nil {
		t.Errorf("spaces and hyphens: %v", err)
	}
}

func TestNothingInTheDatabaseIsTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sess := w.begin(w.smsUser())
	code := w.code(sess)
	for _, table := range []string{"challenges", "messages", "sends", "sessions", "audit_events"} {
		// Digits of ids and times aside: the code as text of its own.
		if n := w.number(`select count(*) from `+table+` t where to_jsonb(t)::text like '%"' || $1 || '"%' or to_jsonb(t)::text like '% ' || $1 || ' %'`, code); n != 0 {
			t.Errorf("the code stands in %s", table)
		}
	}
}

func TestTheWaitBeforeAskingAgainGrows(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	for sends, want := range map[int]time.Duration{1: 30 * time.Second, 2: 60 * time.Second, 3: 120 * time.Second} {
		if got := twofactor.ResendAt(sends, at).Sub(at); got != want {
			t.Errorf("after %d: %s", sends, got)
		}
	}
}

func TestTheCodeIsTheSameWhileItHasNinetySeconds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		sends int
		left  time.Duration
		want  bool
	}{
		{1, 90 * time.Second, true}, {2, 90 * time.Second, true}, {3, 200 * time.Second, false},
		{1, 90*time.Second - 1, false}, {1, 0, false}, {1, -time.Second, false},
	} {
		if got := twofactor.SameCode(test.sends, now, now.Add(test.left)); got != test.want {
			t.Errorf("%d sends, %s left: %v", test.sends, test.left, got)
		}
	}
}

func TestTheNextStepFollowsFromWhatTheUserHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unconfirmed := factor.Enrolled{Kind: factor.SMS, Label: numberA.E164, Country: "NL"}
	number, app := unconfirmed, factor.Enrolled{Kind: factor.App, Counts: true}
	number.Counts = true
	for _, test := range []struct {
		name     string
		set      factor.Set
		underWay bool
		want     twofactor.Step
	}{
		{"nothing", nil, false, twofactor.StepChoose},
		{"an unconfirmed number", factor.Set{unconfirmed}, false, twofactor.StepNumber},
		{"an unconfirmed number, code sent", factor.Set{unconfirmed}, true, twofactor.StepCode},
		{"a confirmed number", factor.Set{number}, false, twofactor.StepCode},
		{"an app", factor.Set{app}, false, twofactor.StepProve},
		{"both", factor.Set{number, app}, false, twofactor.StepProve},
		{"both, text message asked for", factor.Set{number, app}, true, twofactor.StepCode},
		{"an app beside an unconfirmed number", factor.Set{unconfirmed, app}, false, twofactor.StepProve},
	} {
		if got, _ := w.factors.Next(test.set, test.underWay); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
