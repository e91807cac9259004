package rescue_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// now is a session as it stands, or session.ErrNone.
func (f *fixture) now(sess session.Session) (session.Session, error) {
	f.t.Helper()
	tx, err := f.pool.Begin(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	return f.sessions.Refresh(ctx, tx, sess)
}

func TestADayPassIsForOneBrowserUntilItsTimeAndChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.session("ACME", "boss", "sms")
	sess, words := f.ask()
	elsewhere := f.session("ACME", "otto")
	pass := func(until time.Time) error { return f.Pass(ctx, boss, client, sess.User.ID, words, until) }
	f.is("until a minute ago", pass(boss.Now.Add(-time.Minute)), rescue.ErrTooLong)
	f.is("until tomorrow", pass(boss.Now.Add(25*time.Hour)), rescue.ErrTooLong)
	if err := pass(boss.Now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	f.is("the words again", pass(boss.Now.Add(time.Hour)), rescue.ErrOver)
	in, err := f.now(sess)
	if err != nil || !in.Limited || in.Pending() || in.Level != 1 {
		t.Fatalf("the browser that asked: %+v, %v", in, err)
	}
	if other, err := f.now(elsewhere); err != nil || !other.Pending() || other.Limited {
		t.Errorf("another browser of the user: %+v, %v", other, err)
	}
	for _, need := range []session.StepUp{session.StepUpOffice, session.StepUpOwn, session.StepUpBoth} {
		if in.RequireStepUp(need) == nil {
			t.Errorf("a day pass is enough for %s", need)
		}
	}
	f.is("what takes no step-up", in.May(session.Act{Role: account.RoleUser}), session.ErrLimited)
	f.is("a factor", in.MayChangeFactor(), session.ErrLimited)
	// At its time, for every node alike: the database says so.
	f.Exec("update sessions set pass_until = now() + interval '20 seconds', expires_at = now() + interval '20 seconds' "+
		"where id = $1", sess.ID)
	_, err = f.now(sess)
	f.is("just before its end", err, nil)
	f.Exec("update sessions set pass_until = now(), expires_at = now() where id = $1", sess.ID)
	_, err = f.now(sess)
	f.is("at its end", err, session.ErrNone)
	// Were its life prolonged by whatever, it would be a pending log-in again.
	f.Exec("update sessions set expires_at = now() + interval '1 hour' where id = $1", sess.ID)
	if again, err := f.now(sess); err != nil || again.Limited || !again.Pending() {
		t.Errorf("after its time it is %+v, %v", again, err)
	}
}

func TestADayPassEndsWithThePasswordAndWithNotMe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.session("ACME", "boss", "sms"), f.user("ACME", "otto")
	pass := func() session.Session {
		t.Helper()
		f.forget()
		sess, words := f.ask()
		if err := f.Pass(ctx, boss, client, otto, words, boss.Now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		return sess
	}
	sess := pass()
	_, mail := f.post.of("help_own", otto)
	if err := f.accounts.UseStopLink(ctx, f, mail.Token, account.Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err := f.now(sess)
	f.is("after not me", err, session.ErrNone)
	sess = pass()
	f.Exec("update users set password_hash = 'another' where id = $1", otto)
	_, err = f.now(sess)
	f.is("after another password", err, session.ErrNone)
	if n, m := f.post.of("pass_given", otto); n != 2 || m.By != boss.User.ID {
		t.Errorf("the user got %d mails of two passes", n)
	}
	// A pass is no longer than a session of its user.
	f.Exec("update users set role = 'superuser' where id = $1", f.user("ACME", "olga"))
	olga := f.session("ACME", "olga")
	sealed, err := f.Ask(ctx, olga, client)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Pass(ctx, boss, client, olga.User.ID, f.Words(olga, sealed), boss.Now.Add(20*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from sessions where id = $1 and pass_until <= now() + interval '8 hours'",
		olga.ID); n != 1 {
		t.Error("a superuser's pass lives longer than their session")
	}
}

func TestTwoSuperusersAgreeWhereTheOfficeAsksForTwo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, vice, otto := f.session("ACME", "boss", "sms"), f.session("ACME", "vice", "sms"), f.user("ACME", "otto")
	f.is("too many hours", f.Set(ctx, boss, client, rescue.Settings{CoolingHours: 73}), rescue.ErrHours)
	if err := f.Set(ctx, boss, client, rescue.Settings{TwoApprovers: true}); err != nil {
		t.Fatal(err)
	}
	sess, words := f.ask()
	reset := func(by session.Session) error {
		_, err := f.Reset(ctx, by, client, otto, words)
		return err
	}
	f.is("the first", reset(boss), rescue.ErrFirst)
	f.is("the first again", reset(boss), rescue.ErrFirst)
	if f.outcome(sess) != "lives" {
		t.Error("one was enough")
	}
	f.forget()
	sess, words = f.ask()
	f.is("the first", reset(boss), rescue.ErrFirst)
	f.is("the second, who chooses otherwise", f.Pass(ctx, vice, client, otto, words, boss.Now.Add(time.Hour)),
		rescue.ErrFirst)
	f.is("the first, who agrees", f.Pass(ctx, boss, client, otto, words, boss.Now.Add(time.Hour)), nil)
	if in, err := f.now(sess); err != nil || !in.Limited {
		t.Errorf("two agreed, and it is %+v, %v", in, err)
	}
	// Nobody goes round it.
	_, err := f.factors.Reset(ctx, boss, client, otto)
	f.is("a reset without words", err, twofactor.ErrTwoApprovers)
	// Both at once, many times: one is first, one is second.
	f.forget()
	_, words = f.ask()
	var wait sync.WaitGroup
	results := make([]error, 2)
	for i, by := range []session.Session{boss, vice} {
		wait.Go(func() { results[i] = reset(by) })
	}
	wait.Wait()
	if done := errors.Is(results[0], rescue.ErrFirst) != errors.Is(results[1], rescue.ErrFirst); !done {
		t.Errorf("at once: %v", results)
	}
}

func TestCoolingOffWaitsToTheMinute(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.session("ACME", "boss", "sms")
	cooling := func(age string) (session.Session, *session.Cooling) {
		t.Helper()
		f.Exec("update users set factor_changed_at = now() - $1::text::interval where id = $2", age, boss.User.ID)
		now, err := f.now(boss)
		if err != nil {
			t.Fatal(err)
		}
		var c *session.Cooling
		errors.As(now.RequireStepUp(session.StepUpOffice), &c)
		return now, c
	}
	if _, c := cooling("0 s"); c != nil {
		t.Error("an office that decided nothing cools off")
	}
	if err := f.Set(ctx, boss, client, rescue.Settings{CoolingHours: 24}); err != nil {
		t.Fatal(err)
	}
	now, c := cooling("23 hours 59 minutes")
	if c == nil || c.Until.Sub(now.Now).Round(time.Minute) != time.Minute {
		t.Errorf("a minute before its end: %+v", c)
	}
	if now.MayChangeFactor() == nil {
		t.Error("another number does not wait")
	}
	f.is("what is quick in need", now.May(session.Act{Role: account.RoleSuperuser}), nil)
	if _, c := cooling("24 hours"); c != nil {
		t.Errorf("at its end it waits until %s", c.Until)
	}
	if _, c := cooling("24 hours 1 minute"); c != nil {
		t.Error("a minute after its end it waits")
	}
	// The acts themselves are asked behind the lock.
	now, _ = cooling("1 hour")
	if err := f.Set(ctx, now, client, rescue.Settings{}); !errors.As(err, &c) {
		t.Errorf("the settings: %v", err)
	}
	if err := f.Set(ctx, boss, client, rescue.Settings{}); !errors.As(err, &c) {
		t.Errorf("the settings, let in a moment before: %v", err)
	}
	if f.Int("select cooling_hours from office_rescue") != 24 {
		t.Error("who cools off switched it off")
	}
	f.Exec("update office_rescue set cooling_hours = 72")
	if _, c := cooling("71 hours 59 minutes"); c == nil {
		t.Error("of 72 hours the last minute is none")
	}
	// A reset cools; a first factor does not.
	f.Exec("update users set factor_changed_at = null")
	if _, err := f.factors.Reset(ctx, boss, client, f.user("ACME", "otto")); err != nil {
		t.Fatal(err)
	}
	if f.Int("select count(*) from users where factor_changed_at is not null") != 1 {
		t.Error("a reset does not cool")
	}
}
