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
func (f *fixture) smsUser() account.User {
	return f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
}

func TestAWrongCodeIsCountedAndTheFifthEndsTheLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	code := f.code(sess)
	for left := 4; left >= 0; left-- {
		wrong(t, f.verify(sess, not(code)), left)
	}
	is(t, f.verify(sess, code), twofactor.ErrOver)
	if n := f.Int("select count(*) from sessions where id = $1 and ended_at is null", sess.ID); n != 0 {
		t.Error("the pending log-in lives on after five wrong codes")
	}
	if n := f.Int("select count(*) from notices where user_id = $1 and kind = 'guessed'", u.ID); n != 1 {
		t.Errorf("%d notices that somebody had the password", n)
	}
	if n := f.audited(audit.SecondFactorRefused); n != 5 {
		t.Errorf("%d refusals written down", n)
	}
}

func TestACodeServesOnlyTheLogInItWasMadeFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	other := f.confirmed(f.user(u.OfficeID, account.RoleUser), numberB)
	a, b, c := f.begin(u), f.begin(u), f.begin(other)
	codeA := f.code(a)
	if codeA == f.code(b) || codeA == f.code(c) {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, f.verify(b, codeA), 4)
	wrong(t, f.verify(c, codeA), 4)
	if err := f.verify(a, codeA); err != nil {
		t.Errorf("its own log-in: %v", err)
	}
	if f.raised(other) != 0 || f.raised(u) != 1 {
		t.Error("another log-in was raised")
	}
}

func TestAnExpiredCodeIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	code := f.code(sess)
	f.Exec("update challenges set expires_at = now() - interval '1 second'")
	is(t, f.verify(sess, code), twofactor.ErrOver)
	if f.raised(u) != 0 {
		t.Error("raised")
	}
}

func TestACodeOfAnEndedSessionIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	code := f.code(sess)
	f.Exec("update sessions set ended_at = now() where id = $1", sess.ID)
	if err := f.verify(sess, code); err == nil {
		t.Error("an ended session was raised")
	}
	if f.raised(u) != 0 {
		t.Error("raised")
	}
}

func TestACodeLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.begin(f.smsUser())
	if n := f.Int("select extract(epoch from expires_at - created_at)::int from challenges"); n != 300 {
		t.Errorf("it lives %d s", n)
	}
}

// CVE-2026-35597: the count must survive what happens after it.
func TestAChargeSurvivesWhatFailsAfterIt(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]bool{"a right code": true, "a wrong code": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			u := f.smsUser()
			sess := f.begin(u)
			code := f.code(sess)
			f.Exec(`create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'no space left';
				end $$`)
			f.Exec(`create trigger full_disk before insert on audit_events for each row execute function full_disk()`)
			typed := code
			if !right {
				typed = not(code)
			}
			if err := f.verify(sess, typed); err == nil {
				t.Fatal("nobody gets in without an audit row")
			}
			if n := f.Int("select tries from challenges"); n != 1 {
				t.Errorf("%d tries", n)
			}
			if n := f.failures(u); n != 1 {
				t.Errorf("%d failures of the user", n)
			}
			if f.raised(u) != 0 {
				t.Error("raised")
			}
		})
	}
}

func TestARequestThatIsBrokenOffKeepsItsCharge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	code := f.code(sess)
	// Whoever holds the user's row stops the second transaction, not the charge.
	tx, err := f.pool.Begin(t.Context())
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
		_, err := f.factors.Prove(ctx, sess, browser, factor.SMS, code)
		done <- err
	}()
	for f.Int("select tries from challenges") == 0 && t.Context().Err() == nil && len(done) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("it went through")
	}
	if n := f.Int("select tries from challenges"); n != 1 {
		t.Errorf("%d tries", n)
	}
}

func TestTenWrongProofsInARowMakeTheUserWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	secret, codes := f.app(u), f.recoveryCodes(u)

	// Over a challenge, a session with the app, and one with recovery codes.
	sms := f.begin(u)
	if err := f.factors.SendOnFile(t.Context(), sms, "en"); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		_ = f.verify(sms, not(f.code(sms)))
	}
	app := f.begin(u)
	for range 4 {
		_ = f.verifyApp(app, not(f.step(secret, 0)))
	}
	recovery := f.begin(u)
	for range 2 {
		_ = f.verifyRecovery(recovery, "abcde-abcde-abcde")
	}
	if n := f.failures(u); n != 10 {
		t.Fatalf("%d in a row", n)
	}
	if n := f.audited(audit.SecondFactorWait); n != 1 {
		t.Errorf("%d waits written down", n)
	}
	sent, tries := f.messages(u), f.Int("select sum(tries) from challenges")
	waits := func(name string, err error) {
		t.Helper()
		var wait *twofactor.Wait
		if !errors.As(err, &wait) {
			t.Errorf("%s: %v, want a wait", name, err)
		} else if wait.For <= 14*time.Minute || wait.For > 15*time.Minute {
			t.Errorf("%s: a wait of %s", name, wait.For)
		}
	}
	fresh := f.begin(u)
	waits("the app's right code", f.verifyApp(fresh, f.step(secret, 0)))
	waits("a right recovery code", f.verifyRecovery(fresh, codes[0]))
	waits("the right text message", f.verify(sms, f.code(sms)))
	waits("another message", f.factors.SendOnFile(t.Context(), fresh, "en"))
	f.Exec("update challenges set asked_at = now() - interval '31 seconds'")
	waits("the message again", f.resend(sms))
	if n := f.messages(u); n != sent {
		t.Errorf("%d messages sent while waiting", n-sent)
	}
	if n := f.Int("select sum(tries) from challenges"); n != tries {
		t.Error("a code was compared while waiting")
	}
	if f.raised(u) != 0 {
		t.Error("a session was raised")
	}
	if n := f.Int("select count(*) from recovery_codes where used_at is not null"); n != 0 {
		t.Error("a recovery code was used up")
	}

	// The wait over, the next ten cost twice as long.
	f.Exec("update factor_failures set wait_until = now() - interval '1 second'")
	for range 2 {
		sess := f.begin(u)
		for range 5 {
			_ = f.verifyApp(sess, not(f.step(secret, 0)))
		}
	}
	if n := f.Int("select round(extract(epoch from wait_until - now()) / 60)::int from factor_failures"); n != 30 {
		t.Errorf("the second wait is %d minutes", n)
	}

	// A right proof clears the count. (Twenty in a day lock the user, which is another test's: here a day has gone.)
	f.Exec("update factor_failures set wait_until = now() - interval '1 second', in_a_day = 0, locked_at = null")
	if err := f.verifyApp(f.begin(u), f.step(secret, 0)); err != nil {
		t.Fatal(err)
	}
	if n := f.failures(u); n != 0 {
		t.Errorf("%d failures after a success", n)
	}
}

func TestALogInWhileTheUserHasToWaitSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	f.Exec("insert into factor_failures values ($1, 10, now() + interval '15 minutes')", u.ID)
	sess := f.begin(u)
	if f.messages(u) != 0 {
		t.Error("a message was sent")
	}
	if !sess.Pending() {
		t.Error("the log-in is not pending")
	}
}

func TestAHundredWrongProofsInARowDisableTheFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	secret := f.app(u)
	f.Exec("insert into factor_failures values ($1, 100, now() - interval '1 hour')", u.ID)
	var wait *twofactor.Wait
	if err := f.verifyApp(f.begin(u), f.step(secret, 0)); !errors.As(err, &wait) || !wait.Until.IsZero() {
		t.Errorf("got %v", err)
	}
}

// GHSA-vfph-hjfv-cpv2: starting the whole log-in again does not clear the count (B4).
func TestLoggingInAgainAndAgainDoesNotBuyTries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	compared := 0
	for range 30 {
		sess := f.begin(u)
		for range 4 {
			var wrong *twofactor.Wrong
			if err := f.verify(sess, "000000"); errors.As(err, &wrong) {
				compared++
			}
		}
		f.Exec("update challenges set expires_at = now() where user_id = $1", u.ID)
	}
	if compared > 10 {
		t.Errorf("%d codes were compared", compared)
	}
	if n := f.messages(u); n > 4 {
		t.Errorf("%d messages were sent", n)
	}
}

func TestAskingAgainKeepsTheCodeAndItsTries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sess := f.begin(f.smsUser())
	code := f.code(sess)
	wrong(t, f.verify(sess, not(code)), 4)
	challenge := f.Int("select id from challenges")

	waits := func(least, most time.Duration) {
		t.Helper()
		var soon *twofactor.TooSoon
		if err := f.resend(sess); !errors.As(err, &soon) || soon.For <= least || soon.For > most {
			t.Errorf("got %v, want a wait of %s to %s", err, least, most)
		}
	}
	for i, wait := range []time.Duration{30, 60} {
		wait *= time.Second
		waits(wait-5*time.Second, wait)
		f.Exec("update challenges set asked_at = asked_at - $1::interval", wait)
		if err := f.resend(sess); err != nil {
			t.Fatal(err)
		}
		if got := f.code(sess); got != code {
			t.Errorf("resend %d has another code", i+1)
		}
	}
	waits(115*time.Second, 120*time.Second)
	if n := f.Int("select count(*) from messages where challenge_id = $1", challenge); n != 3 {
		t.Errorf("%d messages of the challenge", n)
	}
	if n := f.Int("select tries from challenges where id = $1", challenge); n != 1 {
		t.Errorf("%d tries are counted: the budget is shared", n)
	}
	wrong(t, f.verify(sess, not(code)), 3)

	// 120 s after the third it is a new challenge, and the old code is dead.
	f.Exec("update challenges set asked_at = asked_at - interval '121 seconds'")
	if err := f.resend(sess); err != nil {
		t.Fatal(err)
	}
	if f.code(sess) == code {
		t.Skip("two codes are the same by chance")
	}
	wrong(t, f.verify(sess, code), 4)
	if s := f.Text("select outcome from challenges where id = $1", challenge); s != "replaced" {
		t.Errorf("the old challenge is %q", s)
	}
	if err := f.verify(sess, f.code(sess)); err != nil {
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
			f := newFixture(t)
			sess := f.begin(f.smsUser())
			code := f.code(sess)
			f.Exec("update challenges set asked_at = now() - interval '31 seconds', expires_at = now() + $1::interval",
				test.left)
			if err := f.resend(sess); err != nil {
				t.Fatal(err)
			}
			if got := f.code(sess) == code; got != test.same {
				t.Errorf("the same code: %v, want %v", got, test.same)
			}
			if !test.same {
				if err := f.verify(sess, code); err == nil {
					t.Error("the old code is alive")
				}
			}
		})
	}
}

func TestAnOverChallengeIsNotSentAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	f.Exec("update challenges set asked_at = now() - interval '31 seconds'")
	proven, err := f.factors.Prove(t.Context(), sess, browser, factor.SMS, f.code(sess))
	if err != nil {
		t.Fatal(err)
	}
	is(t, f.resend(f.load(proven.Token)), twofactor.ErrOver)
	if f.messages(u) != 1 {
		t.Error("a message was sent")
	}
}

func TestAUserHasThreeLiveCodesAtMost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	var first session.Session
	for i := range 5 {
		if sess := f.begin(u); i == 0 {
			first = sess
		}
	}
	if n := f.messages(u); n != 3 {
		t.Errorf("%d messages, want three", n)
	}
	if err := f.verify(first, f.code(first)); err != nil {
		t.Errorf("the owner's own code died of it: %v", err)
	}
	// Ending the log-ins makes no room: their texts are still on their way.
	f.Exec("update challenges set ended_at = now(), outcome = 'abandoned', code_ct = null where ended_at is null")
	before := f.messages(u)
	f.beginIn(u, elsewhere)
	f.beginIn(u, elsewhere)
	if n := f.messages(u) - before; n > 1 {
		t.Errorf("%d more messages", n)
	}
}

// What was provably never sent does not count against a number or a user, but a log-in ends somewhere.
func TestOneLogInMakesSixChallengesAtMost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	sess := f.begin(u)
	for i := range 7 {
		n := numberA
		if i%2 == 1 {
			n = numberB
		}
		err := f.factors.SendTo(t.Context(), sess, n, "en")
		if i == 6 {
			limited(t, err, twofactor.LimitUnderWay)
		} else if err != nil {
			t.Fatalf("challenge %d: %v", i+1, err)
		}
		f.Exec("update messages set state = 'failed', final = true where not final")
	}
	if n := f.messages(u); n != 6 {
		t.Errorf("%d messages", n)
	}
}

func TestGoingBackAndForthSendsOneMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	for range 3 {
		if err := f.factors.SendOnFile(t.Context(), sess, "en"); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.messages(u); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestTheCodeIsWipedWhenItsChallengeEnds(t *testing.T) {
	t.Parallel()
	ends := map[string]func(f *fixture, sess session.Session){
		"verified": func(f *fixture, sess session.Session) { _ = f.verify(sess, f.code(sess)) },
		"exhausted": func(f *fixture, sess session.Session) {
			c := not(f.code(sess))
			for range 5 {
				_ = f.verify(sess, c)
			}
		},
		"expired": func(f *fixture, _ session.Session) {
			f.Exec("update challenges set expires_at = now() - interval '1 second'")
			if err := f.factors.Upkeep(context.Background()); err != nil {
				f.t.Error(err)
			}
		},
		"abandoned": func(f *fixture, sess session.Session) {
			_ = f.sessions.EndOne(context.Background(), sess, sess.ID, browser)
		},
		"replaced": func(f *fixture, sess session.Session) {
			f.Exec("update challenges set asked_at = now() - interval '31 seconds', expires_at = now() + interval '60 seconds'")
			if err := f.resend(sess); err != nil {
				f.t.Error(err)
			}
		},
	}
	for outcome, end := range ends {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			sess := f.begin(f.smsUser())
			id := f.Int("select id from challenges")
			end(f, sess)
			if n := f.Int(`select count(*) from challenges where id = $1 and code_ct is null and ended_at is not null
				and outcome = $2`, id, outcome); n != 1 {
				t.Errorf("outcome %q, and the code stands there", f.Text("select outcome from challenges where id = $1", id))
			}
		})
	}
}

func TestTheDatabaseRefusesACodeInAnEndedChallenge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.begin(f.smsUser())
	for _, sql := range []string{
		"update challenges set ended_at = now(), outcome = 'verified'",
		"update challenges set code_ct = null",
		"update challenges set ended_at = now(), code_ct = null",
		"update challenges set tries = 6",
	} {
		if _, err := f.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
}

func TestWhatIsNoCodeIsNotCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.smsUser()
	sess := f.begin(u)
	for _, typed := range []string{"", "12345", "1234567", "12345\n", "１２３４５", "+1234567", "123456.0", "null", "\x00",
		"12345\xff", "123456 or 654321", "12345 is your code", "call 123 456 789"} {
		is(t, f.verify(sess, typed), twofactor.ErrNotACode)
		is(t, f.verifyApp(sess, typed), twofactor.ErrNotACode)
	}
	if n := f.failures(u); n != 0 {
		t.Errorf("%d failures", n)
	}
	code := f.code(sess)
	if err := f.verify(sess, " "+code[:3]+" - "+code[3:]+" "); err != nil {
		t.Errorf("spaces and hyphens: %v", err)
	}
}

func TestNothingInTheDatabaseIsTheCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sess := f.begin(f.smsUser())
	code := f.code(sess)
	for _, table := range []string{"challenges", "messages", "sends", "sessions", "audit_events"} {
		// Digits of ids and times aside: the code as text of its own.
		if n := f.Int(`select count(*) from `+table+
			` t where to_jsonb(t)::text like '%"' || $1 || '"%' or to_jsonb(t)::text like '% ' || $1 || ' %'`, code); n != 0 {
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
	f := newFixture(t)
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
		if got, _ := f.factors.Next(test.set, test.underWay); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
