package operator

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// fixture is an installation with the office ACME and its user jdoe, and what the tests put into it.
type fixture struct {
	dbtest.Database
	t      *testing.T
	pool   *db.Pool
	s      *Service
	by     By
	anew   *anewFake
	user   int64
	office int64
	login  int64
}

type anewFake struct {
	asked []int64
	err   error
}

func (a *anewFake) ResendNew(_ context.Context, id int64) error {
	a.asked = append(a.asked, id)
	return a.err
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	f := &fixture{t: t, anew: &anewFake{}}
	f.Database, f.pool = dbtest.New(t)
	f.s = New(f.pool, factory.AuditLog(), f.anew)
	f.Exec("insert into installation (key_fingerprint) values ('x')")
	f.office = factory.Office(t, f.pool, factory.OfficeOpts{Name: "Acme", TwoFactorRequired: true}).ID
	f.user = factory.User(t, f.pool, f.office, factory.UserOpts{Username: "jdoe", Name: "J. Doe"}).ID
	factory.Number(t, f.pool, f.user, factory.NumberOpts{})
	f.by = By{audit.Person{ID: factory.Operator(t, f.pool, "ops").ID, Name: "ops"}, "192.0.2.9"}
	f.login = f.session(3 * time.Minute)
	return f
}

// session is a pending log-in that began so long ago.
func (f *fixture) session(ago time.Duration) int64 {
	return factory.Session(f.t, f.pool, f.user, factory.SessionOpts{Age: ago, Life: 10 * time.Minute}).ID
}

// challenge is one that began so long ago, live while its five minutes last.
func (f *fixture) challenge(ago time.Duration) int64 {
	return factory.Challenge(f.t, f.pool, f.login, factory.ChallengeOpts{Age: ago}).ID
}

func (f *fixture) message(challenge int64, state, reason string, final bool, ago time.Duration) int64 {
	o := factory.MessageOpts{State: state, Reason: reason, Final: final, Age: ago}
	return factory.Message(f.t, f.pool, challenge, o).ID
}

func (f *fixture) send(message int64, provider, state, class, status string, ago time.Duration) {
	o := factory.SendOpts{Provider: provider, State: state, Class: class, Status: status, Age: ago}
	factory.Send(f.t, f.pool, message, o)
}

func (f *fixture) receipt(message int64, provider, status, code string, ago time.Duration) {
	o := factory.ReceiptOpts{Provider: provider, Status: status, ErrorCode: code, Age: ago}
	factory.Receipt(f.t, f.pool, message, o)
}

func (f *fixture) job(challenge int64, state, failure string) {
	f.Exec(`insert into river_job (args, kind, max_attempts, queue, state, attempt, finalized_at, errors)
		values (jsonb_build_object('challenge_id', $1::bigint, 'send_no', 1), 'send_code', 100, 'sms_login',
			$2::text::river_job_state, 1,
			case when $2::text in ('completed', 'cancelled', 'discarded') then now() end,
			case when $3 <> '' then array[jsonb_build_object('at', now(), 'attempt', 1, 'error', $3::text, 'trace',
				'secret trace')] end)`, challenge, state, failure)
}

func (f *fixture) event(action audit.Action, detail string, ago time.Duration) {
	who := audit.Person{ID: f.user, Name: "jdoe"}
	factory.AuditEvent(f.t, f.pool, ago, audit.Event{Office: f.office, Actor: who, Action: action, Detail: detail})
}

func (f *fixture) look() History {
	f.t.Helper()
	h, err := f.s.Look(context.Background(), " acme", "JDoe")
	if err != nil {
		f.t.Fatal(err)
	}
	return h
}

func keys(sentences []Sentence) (k []string) {
	for _, s := range sentences {
		k = append(k, s.Key)
	}
	return k
}

// told are the keys of the newest log-in's story.
func told(h History) (k []string) {
	for _, e := range Story(h)[0].Entries {
		k = append(k, e.Text.Key)
	}
	return k
}

func (f *fixture) reads(h History, why ...string) {
	f.t.Helper()
	if got := keys(Why(h)); !slices.Equal(got, why) {
		f.t.Errorf("the reason is %v, want %v", got, why)
	}
}

func (f *fixture) tells(h History, entries ...string) {
	f.t.Helper()
	got := told(h)
	for _, e := range entries {
		if !slices.Contains(got, e) {
			f.t.Errorf("the story is %v, without %s", got, e)
		}
	}
}

func TestARefusedAccountAndTheProviderThatTookOver(t *testing.T) {
	f := newFixture(t)
	c := f.challenge(90 * time.Second)
	m := f.message(c, "delivered", "", true, 90*time.Second)
	f.send(m, "vonage", "refused", "account", "9", 89*time.Second)
	f.send(m, "webhook", "sent", "sent", "200", 85*time.Second)
	f.receipt(m, "webhook", "delivered", "0", 40*time.Second)
	f.job(c, "completed", "vonage refused (account, status 9) for +31612345678, code 123456")
	f.Exec(`insert into providers (name, open_since, open_class, open_status, open_reason, probe_at)
		values ('vonage', now() - interval '1 hour', 'account', '9', 'no_credit', now())`)
	f.Exec("update sends set reason = 'no_credit' where status = '9'")
	f.Exec("update challenges set tries = 2")
	h := f.look()
	f.reads(h, "why.provider.account", "why.moved.delivered", "why.delivered_tries")
	f.tells(h, "story.login", "story.challenge", "story.queued", "story.send.account", "story.attempt",
		"story.send.sent", "story.receipt", "story.job.completed", "story.live")
	first := fmt.Sprint(Why(h)[0].Args)
	if since := h.Providers["vonage"].OpenSince; !strings.Contains(first, "no_credit") ||
		!strings.Contains(first, since.String()) {
		t.Errorf("the breaker's time or the status's meaning is missing: %s", first)
	}
	if all := fmt.Sprintf("%+v %+v", h, Story(h)); strings.Contains(all, "612345678") ||
		strings.Contains(all, "123456") || strings.Contains(all, "secret trace") {
		t.Error("a whole number, a code or a trace is in the story")
	}
	if !h.Live() || Story(h)[0].Live != c || Story(h)[0].Last != c {
		t.Error("the challenge cannot be acted on")
	}
}

func TestAcceptThenResetIsUncertain(t *testing.T) {
	f := newFixture(t)
	c := f.challenge(60 * time.Second)
	m := f.message(c, "unsure", "no_answer", true, 60*time.Second)
	f.send(m, "vonage", "unknown", "unknown", "reset", 60*time.Second)
	f.send(m, "vonage", "unknown", "unknown", "reset", 50*time.Second)
	f.job(c, "cancelled", "unsure")
	h := f.look()
	f.reads(h, "why.provider.unknown", "why.unsure_final")
	f.tells(h, "story.send.unknown", "story.unsure", "story.job.cancelled")
}

func TestAProviderThatIsDownLongerThanACodeLives(t *testing.T) {
	f := newFixture(t)
	c := f.challenge(2 * time.Minute)
	m := f.message(c, "retrying", "busy", false, 2*time.Minute)
	f.send(m, "vonage", "refused", "retry", "dial", 100*time.Second)
	f.job(c, "retryable", "vonage refused for now (dial)")
	h := f.look()
	f.reads(h, "why.provider.retry", "why.retrying")
	f.tells(h, "story.send.retry", "story.attempt", "story.next_attempt")

	// Then the code expires, and the log-in with it.
	f.Exec(`update challenges set created_at = now() - interval '7 minutes', expires_at = now() - interval '2 minutes',
		ended_at = now() - interval '2 minutes', outcome = 'expired', code_ct = null`)
	f.Exec("update messages set state = 'failed', reason = 'too_late', final = true")
	h = f.look()
	f.reads(h, "why.provider.retry", "why.expired_unsent", "why.may_ask")
	f.tells(h, "story.outcome.expired", "story.failed")
	f.Exec("update sessions set expires_at = now() - interval '1 minute'")
	h = f.look()
	f.reads(h, "why.nothing", "why.provider.retry", "why.expired_unsent")
	if h.Live() || Story(h)[0].Last != 0 {
		t.Error("something is said to be under way")
	}
}

func TestAPhoneThatIsSwitchedOff(t *testing.T) {
	f := newFixture(t)
	m := f.message(f.challenge(60*time.Second), "accepted", "", true, 60*time.Second)
	f.send(m, "vonage", "sent", "sent", "0", 60*time.Second)
	f.reads(f.look(), "why.accepted")
	f.receipt(m, "vonage", "buffered", "2", 30*time.Second)
	f.reads(f.look(), "why.buffered")
}

func TestAReceiptThatSaysNo(t *testing.T) {
	f := newFixture(t)
	c := f.challenge(60 * time.Second)
	m := f.message(c, "failed", "undelivered", true, 60*time.Second)
	f.send(m, "vonage", "sent", "sent", "0", 60*time.Second)
	factory.Receipt(f.t, f.pool, m, factory.ReceiptOpts{
		Status: "failed", ErrorCode: "6", Reason: "spam", Age: 30 * time.Second,
	})
	f.reads(f.look(), "why.undelivered_because")
	// The next provider takes it.
	f.Exec("update messages set state = 'accepted', accepted_at = now()")
	f.send(m, "webhook", "sent", "sent", "200", 20*time.Second)
	h := f.look()
	f.reads(h, "why.undelivered_because", "why.moved.accepted")
	if args := fmt.Sprint(Why(h)[0].Args); !strings.Contains(args, "op_receipt_error.spam") ||
		!strings.Contains(args, "vonage") {
		t.Errorf("the reason does not say who and why: %s", args)
	}
}

func TestALimitIsToldWithItsNumber(t *testing.T) {
	f := newFixture(t)
	f.event("code_not_sent", "office", time.Minute)
	h := f.look()
	f.reads(h, "why.not_sent")
	limit, ok := Why(h)[0].Args[3].(Sentence)
	if !ok || limit.Key != "op_limit.office" || !reflect.DeepEqual(limit.Args, []any{"N", 50}) {
		t.Errorf("the limit is %v", Why(h)[0].Args)
	}
	f.tells(h, "story.not_sent")
}

func TestTenWrongCodesInARow(t *testing.T) {
	f := newFixture(t)
	f.event("second_factor_refused", "sms", 90*time.Second)
	f.event("second_factor_wait", "10 in a row", 80*time.Second)
	f.Exec(`insert into factor_failures (user_id, stranger, in_a_row, wait_until)
		values ($1, false, 10, now() + interval '12 minutes 30 seconds')`, f.user)
	h := f.look()
	f.reads(h, "why.wait")
	if n := Why(h)[0].N; n != 13 {
		t.Errorf("the wait is %d minutes", n)
	}
	f.tells(h, "audit.second_factor_refused", "audit.second_factor_wait")
	f.Exec("update factor_failures set in_a_row = 100, wait_until = null")
	f.reads(f.look(), "why.locked")
	// What strangers spend is told beside what goes on, which it does not hold up.
	f.Exec("update factor_failures set in_a_row = 0")
	goesOn := Why(f.look())[0].Key
	for key, row := range map[string]string{
		"why.strangers_wait":            "10, now() + interval '12 minutes', null",
		"why.strangers_locked_recovery": "20, null, now()", "why.strangers_locked": "100, null, null",
	} {
		f.Exec("delete from factor_failures where stranger")
		f.Exec("insert into factor_failures (user_id, stranger, in_a_row, wait_until, locked_at) values ($1, true, "+row+")",
			f.user)
		f.reads(f.look(), key, goesOn)
	}
	f.Exec("update factor_failures set in_a_row = 100, locked_at = null")
	f.reads(f.look(), "why.locked", "why.strangers_locked")
}

func TestWhatComesBeforeAMessage(t *testing.T) {
	f := newFixture(t)
	f.reads(f.look(), "why.not_asked")
	f.Exec("update mobile_numbers set confirmed_at = null")
	f.reads(f.look(), "why.unconfirmed")
	f.Exec("delete from mobile_numbers")
	f.reads(f.look(), "why.no_method")
	factory.Authenticator(t, f.pool, f.user, nil)
	f.reads(f.look(), "why.asked_for_app")
	f.Exec("update sessions set level = 2, second_factor_at = now()")
	f.reads(f.look(), "why.nothing", "why.done")
	f.event("sign_in_refused", "", time.Second)
	f.reads(f.look(), "why.nothing", "why.password_refused")
	f.Exec("update users set disabled_at = now()")
	f.reads(f.look(), "why.disabled")
}

// What an office decided for a user, or a superuser for a log-in, explains why nobody asks for a second factor, or why
// somebody still waits.
func TestWhatAnOfficeDecidedIsRead(t *testing.T) {
	f := newFixture(t)
	f.Exec(`insert into help_requests (session_id, user_id, words_mac, key_id, known_browser, told)
		values ($1, $2, repeat('x', 32)::bytea, '\x00000000', false, false)`, f.login, f.user)
	f.reads(f.look(), "why.not_asked", "why.help")
	f.Exec("update help_requests set ended_at = now(), outcome = 'pass'")
	f.Exec("update sessions set pass_until = now() + interval '5 minutes'")
	f.reads(f.look(), "why.nothing", "why.pass")
	if waiting, total, err := f.s.WaitingNow(context.Background(), 10); err != nil || total != 0 {
		t.Errorf("who has a day pass waits: %+v, %v", waiting, err)
	}
	f.Exec("update sessions set pass_until = null")
	f.Exec("insert into exemptions (user_id, reason, until) values ($1, 'no phone', now() + interval '9 days')", f.user)
	f.reads(f.look(), "why.nothing", "why.done", "why.exempt")
	f.Exec("update exemptions set ended_at = now()")
	f.Exec(`update offices set two_factor_required = false, demanded_from = now() + interval '9 days', time_zone = 'UTC'`)
	f.reads(f.look(), "why.nothing", "why.done", "why.date")
	f.Exec("update offices set two_factor_required = true, demanded_from = null")
	f.Exec("delete from mobile_numbers")
	f.Exec("update users set grace_until = now() + interval '2 hours' where id = $1", f.user)
	f.reads(f.look(), "why.nothing", "why.done", "why.first_hours")
	f.Exec("update users set grace_until = created_at, factor_changed_at = now() where id = $1", f.user)
	f.Exec("insert into office_rescue (office_id, cooling_hours, two_approvers) values ($1, 24, false)", f.office)
	f.reads(f.look(), "why.no_method", "why.cooling")
	f.Exec("update users set role = 'superuser', grace_until = now() + interval '2 hours' where id = $1", f.user)
	f.Exec("update exemptions set ended_at = null")
	f.reads(f.look(), "why.no_method", "why.cooling") // a superuser is never spared
}

// One phone is off, or ten are, each by something else: theirs. All by the same: the server's.
func TestWhoseClockIsOff(t *testing.T) {
	f := newFixture(t)
	clocks := func() Clocks {
		t.Helper()
		o, err := f.s.Overview(context.Background(), PeriodOf("hour"), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return o.Clocks
	}
	f.reads(f.look(), "why.not_asked")
	if c := clocks(); c != (Clocks{}) {
		t.Errorf("without apps: %+v", c)
	}
	for _, c := range []struct {
		steps []int
		want  Clocks
	}{
		{[]int{0, 0, -1, 1, 8}, Clocks{Apps: 5, Off: 1}},
		{[]int{-9, -5, 0, 7, 12}, Clocks{Apps: 5, Off: 4}},
		{[]int{-4, -4, -5, -4, 0}, Clocks{Apps: 5, Off: 4, Median: -2 * time.Minute, Ours: true}},
		{[]int{-4, -4, -5, -4}, Clocks{Apps: 4, Off: 4, Median: -2 * time.Minute}},
		{[]int{3, 3, 3, 3, 3, 3}, Clocks{Apps: 6, Off: 6, Median: 90 * time.Second, Ours: true}},
	} {
		f.Exec("delete from authenticators")
		for _, steps := range c.steps {
			id := factory.User(t, f.pool, f.office, factory.UserOpts{}).ID
			factory.Authenticator(t, f.pool, id, nil)
			f.Exec("update authenticators set clock_steps = $1, clock_at = now() where user_id = $2", steps, id)
		}
		if got := clocks(); got != c.want {
			t.Errorf("%v: %+v, not %+v", c.steps, got, c.want)
		}
	}
	f.Exec("update authenticators set clock_at = now() - interval '25 hours'")
	if c := clocks(); c != (Clocks{}) {
		t.Errorf("a day later: %+v", c)
	}
}

func TestNothingOlderThanADayIsTold(t *testing.T) {
	f := newFixture(t)
	f.Exec("update sessions set created_at = now() - interval '26 hours', expires_at = now() - interval '25 hours'")
	f.event("sign_in_refused", "", 25*time.Hour)
	h := f.look()
	if len(Story(h)) != 0 {
		t.Errorf("told: %v", Story(h))
	}
	f.reads(h, "why.nothing")
}

func TestALookUpIsInTheHistoryOfTheOfficeAndARefreshIsNot(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	looked := func() int64 {
		return f.ID(`select count(*) from audit_events where action = 'user_looked_up' and office_id = $1 and actor = 'ops'
			and subject = 'jdoe' and address = '192.0.2.9'`, f.office)
	}
	if _, err := f.s.Search(ctx, f.by, "ACME", "jdoe"); err != nil || looked() != 1 {
		t.Errorf("%v; noted %d times", err, looked())
	}
	f.look()
	for _, who := range [][2]string{{"ACME", "nobody"}, {"NONE", "jdoe"}, {"", ""}, {"ACME", "ops"}} {
		if _, err := f.s.Search(ctx, f.by, who[0], who[1]); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v answers %v", who, err)
		}
	}
	if looked() != 1 {
		t.Errorf("noted %d times", looked())
	}
	if told := told(f.look()); slices.Contains(told, "audit.user_looked_up") {
		t.Error("the operators' own look-ups are in the story")
	}
}

func TestEndingAChallengeWipesItsCodeOnce(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	c := f.challenge(10 * time.Second)
	if err := f.s.EndChallenge(ctx, f.by, c); err != nil {
		t.Fatal(err)
	}
	if n := f.ID("select count(*) from challenges where id = $1 and outcome = 'abandoned' and code_ct is null",
		c); n != 1 {
		t.Error("the challenge lives")
	}
	if err := f.s.EndChallenge(ctx, f.by, c); !errors.Is(err, ErrOver) {
		t.Errorf("ending it again answers %v", err)
	}
	if err := f.s.EndChallenge(ctx, f.by, c+1); !errors.Is(err, ErrUnknown) {
		t.Errorf("ending nothing answers %v", err)
	}
	if n := f.ID(`select count(*) from audit_events where action = 'challenge_ended' and office_id = $1
		and subject_id = $2 and actor_id = $3`, f.office, f.user, f.by.Operator.ID); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
	f.tells(f.look(), "audit.challenge_ended")
}

func TestSendingAnewIsForALogInThatLives(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	c := f.challenge(10 * time.Second)
	if err := f.s.ResendNew(ctx, f.by, c); err != nil || !slices.Equal(f.anew.asked, []int64{c}) {
		t.Errorf("%v; asked for %v", err, f.anew.asked)
	}
	limit := errors.New("a limit")
	f.anew.err = limit
	if err := f.s.ResendNew(ctx, f.by, c); !errors.Is(err, limit) {
		t.Errorf("a limit becomes %v", err)
	}
	f.Exec("update sessions set ended_at = now()")
	if err := f.s.ResendNew(ctx, f.by, c); !errors.Is(err, ErrOver) || len(f.anew.asked) != 2 {
		t.Errorf("after the log-in it answers %v", err)
	}
	if n := f.ID("select count(*) from audit_events where action = 'challenge_renewed' and office_id = $1",
		f.office); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
}

func TestARangeThatTakesManyAndVerifiesFewIsStopped(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	fill := func(prefix string, n, verified int, ago string) {
		f.Exec(`with c as (
			insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, created_at,
				expires_at, ended_at, outcome)
			select gen_random_uuid(), $1, $2, 'sign_in', $3 || (10000 + n), 'NL', 'en', 'x', now() - $6::text::interval,
				now() - $6::text::interval, now(), case when n <= $5 then 'verified' else 'expired' end
			from generate_series(1, $4::int) n returning id)
			insert into messages (challenge_id, send_no, state, accepted_at) select id, 1, 'accepted', now() from c`, f.login,
			f.user, prefix, n, verified, ago)
	}
	stopped := func() (found []string) {
		o, err := f.s.Overview(ctx, hour, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.Stopped {
			found = append(found, fmt.Sprintf("%s %d/%d/%d", p.Prefix, p.Sent, p.Challenges, p.Verified))
		}
		return found
	}
	fill("+316111", 29, 0, "2 hours")
	fill("+316222", 30, 6, "2 hours")  // a fifth
	fill("+316333", 40, 0, "25 hours") // yesterday
	fill("+316444", 30, 5, "2 hours")
	if got := stopped(); !slices.Equal(got, []string{"+316444 30/30/5"}) {
		t.Errorf("stopped are %v", got)
	}
	if err := f.s.ReleasePrefix(ctx, f.by, "+316444"); err != nil || len(stopped()) != 0 {
		t.Errorf("released: %v, stopped are %v", err, stopped())
	}
	for _, bad := range []string{"", "316444", "+31 6", "+31612345678901", "%"} {
		if err := f.s.ReleasePrefix(ctx, f.by, bad); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q is released: %v", bad, err)
		}
	}
	if n := f.ID(
		"select count(*) from audit_events where action = 'prefix_released' and detail = '+316444•••••'"); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
}

func TestTheOverviewCountsWhatBecameOfMessages(t *testing.T) {
	f := newFixture(t)
	for _, m := range []struct{ state, country, provider, delivered string }{
		{"delivered", "NL", "vonage", "4 seconds"}, {"delivered", "NL", "vonage", "6 seconds"},
		{"accepted", "BE", "webhook", ""}, {"failed", "BE", "vonage", ""}, {"queued", "NL", "", ""},
	} {
		c := f.challenge(5 * time.Minute)
		f.Exec("update challenges set country = $2, ended_at = now(), code_ct = null, outcome = $3 where id = $1", c,
			m.country, map[bool]string{true: "verified", false: "expired"}[m.state == "delivered"])
		id := f.message(c, m.state, "", m.state == "failed" || m.state == "delivered", 5*time.Minute)
		if m.provider != "" {
			f.send(id, "first", "refused", "retry", "dial", 5*time.Minute)
			f.send(id, m.provider, "sent", "sent", "0", 299*time.Second)
		}
		if m.delivered != "" {
			f.Exec("update messages set changed_at = queued_at + $2::text::interval where id = $1", id, m.delivered)
		}
	}
	old := f.message(f.challengeEnded(3*time.Hour), "delivered", "", true, 3*time.Hour)
	f.send(old, "vonage", "sent", "sent", "0", 3*time.Hour)
	f.job(1, "available", "")
	f.Exec("update river_job set created_at = now() - interval '90 seconds'")
	f.Exec("update installation set money_cap = 10")
	f.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		values ($1, date_trunc('month', now()), 'vonage', 'NL', '', 2, 1.5), ($1, '2020-01-01', 'vonage', 'NL', '', 2, 99)`,
		f.office)
	f.Exec(`insert into providers (name, open_since, probe_at, open_class, open_status, balance, balance_at)
		values ('vonage', now(), now(), 'account', '9', 3.5, now()), ('webhook', null, null, '', '', null, null)`)

	o, err := f.s.Overview(context.Background(), PeriodOf("hour"), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if want := (States{Waiting: 1, Accepted: 1, Delivered: 2, Failed: 1}); o.All.States != want || o.All.Sent != 3 ||
		o.All.Verified != 2 {
		t.Errorf("in all %+v, want %+v", o.All, want)
	}
	if o.All.AcceptedP50 != 1 || o.All.DeliveredP50 != 5 || o.All.DeliveredP95 < 5.89 || o.All.DeliveredP95 > 5.91 {
		t.Errorf("the times are %+v", o.All)
	}
	names := func(rows []Delivery) (n []string) {
		for _, d := range rows {
			n = append(n, fmt.Sprintf("%s/%s %d", d.Provider, d.Country, d.States.Total()))
		}
		return n
	}
	if got := names(o.ByProvider); !slices.Equal(got, []string{"vonage/ 3", "/ 1", "webhook/ 1"}) {
		t.Errorf("by provider %v", got)
	}
	if got := names(o.ByCountry); !slices.Equal(got, []string{"/NL 3", "/BE 2"}) {
		t.Errorf("by country %v", got)
	}
	if len(o.ByBoth) != 4 {
		t.Errorf("by both %v", names(o.ByBoth))
	}
	total := 0
	for _, b := range o.Bars {
		total += b.States.Total()
	}
	if len(o.Bars) != 30 || total != 5 {
		t.Errorf("%d bars show %d messages", len(o.Bars), total)
	}
	if len(o.Queues) != 1 || o.Queues[0].Depth != 1 || o.Queues[0].Oldest < 90*time.Second ||
		o.Queues[0].Oldest > 2*time.Minute {
		t.Errorf("the queues are %+v", o.Queues)
	}
	if len(o.Providers) != 2 || o.Providers[0].OpenSince.IsZero() || o.Providers[0].Balance != 3.5 ||
		!o.Providers[1].BalanceAt.IsZero() {
		t.Errorf("the providers are %+v", o.Providers)
	}
	if o.Spending.Spent != 1.5 || o.Spending.Cap != "10.00" {
		t.Errorf("spent %v of %q", o.Spending.Spent, o.Spending.Cap)
	}
	if day, _ := f.s.Overview(context.Background(), PeriodOf("day"), time.UTC); day.All.States.Delivered != 3 {
		t.Errorf("the day has %+v", day.All)
	}
}

func (f *fixture) challengeEnded(ago time.Duration) int64 {
	id := f.challenge(ago)
	f.Exec("update challenges set ended_at = expires_at, outcome = 'expired', code_ct = null where id = $1", id)
	return id
}

func TestDaysOfThePlotBeginInTheReadersZone(t *testing.T) {
	f := newFixture(t)
	zone := time.FixedZone("", 5*60*60+30*60)
	for _, period := range []Period{day, month} {
		o, err := f.s.Overview(context.Background(), period, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range o.Bars {
			if at := b.At.In(zone); at.Minute() != 0 || period == month && at.Hour() != 0 {
				t.Errorf("a bar of the %s begins at %v", period.Name, at)
			}
		}
	}
}

func TestOfficesSayWhatTheyUse(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	f.message(f.challengeEnded(time.Second), "accepted", "", true, time.Second)
	f.message(f.challengeEnded(time.Second), "failed", "number", true, time.Second)
	f.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		values ($1, date_trunc('month', now()), 'vonage', 'NL', '', 2, 1.5)`, f.office)
	if err := f.s.CapOffice(ctx, f.by, f.office, " 99,5"); err != nil {
		t.Fatal(err)
	}
	offices, err := f.s.Offices(ctx)
	if err != nil || len(offices) != 1 {
		t.Fatal(offices, err)
	}
	if o := offices[0]; o.Users != 1 || o.Messages != 1 || o.Cost != 1.5 || o.Cap != "99.50" || !o.TwoFactorRequired {
		t.Errorf("the office is %+v", o)
	}
	for _, bad := range []string{"-1", "1e3", "1.234", "abc", "1;2", "9999999999"} {
		if err := f.s.CapOffice(ctx, f.by, f.office, bad); !errors.Is(err, ErrCap) {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
	if err := f.s.CapOffice(ctx, f.by, 987654, "1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown office answers %v", err)
	}
	if err := f.s.CapOffice(ctx, f.by, f.office, ""); err != nil {
		t.Error(err)
	}
	if err := f.s.CapInstallation(ctx, f.by, "250"); err != nil {
		t.Error(err)
	}
	if n := f.ID(
		"select count(*) from audit_events where action = 'money_cap_set' and detail in ('99.5', 'none', '250')"); n != 3 {
		t.Errorf("%d of three changes are noted", n)
	}
	if o, err := f.s.Office(ctx, f.office); err != nil || o.Cap != "" || o.Cost != 1.5 {
		t.Errorf("%+v %v", o, err)
	}
}

func TestCostsAreATableThatNoSpreadsheetRuns(t *testing.T) {
	f := newFixture(t)
	f.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost) values
		($1, '2026-11-01', 'vonage', 'NL', '20408', 3, 0.2142), ($1, '2026-11-01', 'webhook', 'BE', '=cmd|''/c calc''!A0',
			1, 0.1), ($1, '2026-10-01', 'vonage', 'NL', '', 9, 9)`, f.office)
	var buf bytes.Buffer
	if err := f.s.WriteCosts(context.Background(), &buf, "en", "EUR", "2026-11"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&buf).ReadAll()
	want := [][]string{
		{"office", "month", "provider", "country", "network", "sends", "cost (EUR)"},
		{"ACME", "2026-11", "vonage", "NL", "20408", "3", "0.214200"},
		{"ACME", "2026-11", "webhook", "BE", "'=cmd|'/c calc'!A0", "1", "0.100000"},
	}
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("%v %v", rows, err)
	}
	buf.Reset()
	if err := f.s.WriteCosts(context.Background(), &buf, "nl", "EUR", "2026-11"); err != nil {
		t.Fatal(err)
	}
	reader := csv.NewReader(&buf)
	reader.Comma = ';'
	if rows, err = reader.ReadAll(); err != nil || rows[0][1] != "maand" || rows[1][6] != "0,214200" {
		t.Errorf("in Dutch: %v %v", rows, err)
	}
}

func TestWhatIsOldGoesAndTheHistoryStays(t *testing.T) {
	f := newFixture(t)
	keep := f.challengeEnded(29 * 24 * time.Hour)
	f.receipt(f.message(keep, "accepted", "", true, 29*24*time.Hour), "vonage", "delivered", "", 29*24*time.Hour)
	for range 3 {
		m := f.message(f.challengeEnded(31*24*time.Hour), "accepted", "", true, 31*24*time.Hour)
		f.send(m, "vonage", "sent", "sent", "0", 31*24*time.Hour)
		f.receipt(m, "vonage", "delivered", "", 31*24*time.Hour)
	}
	f.Exec(`insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, created_at,
		expires_at, ended_at, outcome)
		select gen_random_uuid(), $1, $2, 'sign_in', '+31612345678', 'NL', 'en', 'x', now() - interval '40 days', now(),
			now(), 'expired' from generate_series(1, 1200)`, f.login, f.user)
	f.Exec(`insert into demo_messages (number, body, at)
		values ('+31612345678', 'old', now() - interval '31 days'), ('+31612345678', 'new', now())`)
	f.event("signed_in", "sms", 40*24*time.Hour)
	gone, err := f.s.Retain(context.Background(), 30)
	if err != nil || gone != 1203 {
		t.Errorf("%d challenges went: %v", gone, err)
	}
	for table, want := range map[string]int64{"challenges": 1, "messages": 1, "sends": 0, "receipts": 1,
		"demo_messages": 1, "audit_events": 1, "sessions": 1} {
		if n := f.ID("select count(*) from " + table); n != want {
			t.Errorf("%d rows are left in %s, want %d", n, table, want)
		}
	}
}

// Attempts go after 90 days, however long or short everything else is kept; decisions are never deleted.
func TestAttemptsAreKeptForNinetyDaysAndDecisionsForEver(t *testing.T) {
	f := newFixture(t)
	const day = 24 * time.Hour
	for _, action := range []audit.Action{
		audit.SignInRefused, audit.PasswordAccepted, audit.SessionDisplaced, audit.CodeNotSent,
	} {
		f.event(action, "", 91*day)
		f.event(action, "", 89*day)
	}
	decisions := []audit.Action{
		"signed_in", "two_factor_reset", "password_changed", "number_changed", "two_factor_switched_off", "user_deleted",
		"second_factor_locked",
	}
	for _, action := range decisions {
		f.event(action, "", 4000*day)
	}
	for _, days := range []int{1, 3650} {
		if _, err := f.s.Retain(context.Background(), days); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.Int("select count(*) from audit_events where at < now() - interval '90 days'"); n != len(decisions) {
		t.Errorf("%d old events stay, and there are %d decisions", n, len(decisions))
	}
	if n := f.Int("select count(*) from audit_events where at > now() - interval '90 days'"); n != 4 {
		t.Errorf("%d events of the last 90 days stay", n)
	}
	for _, sql := range []string{
		"delete from audit_events where action = 'sign_in_refused'", "delete from audit_events where action = 'signed_in'",
		"update audit_events set action = 'sign_in_refused'",
	} {
		if _, err := f.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", sql)
		}
	}
}

func TestRedactLeavesNothingThatOpensADoor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"vonage refused for now (status 9)":                              "vonage refused for now (status 9)",
		"to +31612345678 failed":                                         "to ••• failed",
		"to +31 6 12 34 56 78 failed":                                    "to ••• failed",
		"the code 123456 was wrong":                                      "the code ••• was wrong",
		`Post "https://x.example/sms/json?api_secret=abc&text=1": reset`: `Post "https://x.example/sms/json?…": reset`,
		"api_secret=hunter2 x":                                           "api_secret=••• x",
		"line\n\tline":                                                   "line line",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := []rune(Redact(strings.Repeat("x", 500))); len(got) != longest+1 {
		t.Errorf("a long one keeps %d letters", len(got))
	}
}

// TestTheStoryTellsCausesFirstAndEachFaultOnce looks at every order in which a fault's rows can be written.
func TestTheStoryTellsCausesFirstAndEachFaultOnce(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	for _, state := range []string{"refused", "unknown"} {
		for ended := 3000; ended <= 3400; ended += 100 { // around the event of the wrong code, at 3200
			h := History{Now: at(60_000), User: User{TwoFactor: true}, Logins: []Login{{
				ID: 1, BeganAt: began, ExpiresAt: at(600_000), EndedAt: at(ended), Challenges: []Challenge{{
					ID: 1, BeganAt: at(10), ExpiresAt: at(300_000), EndedAt: at(ended), Outcome: "exhausted",
					Messages: []Message{{
						No: 1, State: "failed", QueuedAt: at(20), ChangedAt: at(2500),
						Jobs: []Job{{ID: 7, State: "completed", FinishedAt: at(2600), Failures: []Failure{
							{at(30), 1, "refused"}, {at(1000), 2, "no connection"}, {at(2000), 3, "refused"},
						}}},
						Sends: []Send{
							{Provider: "vonage", State: state, Class: "retry", StartedAt: at(40), EndedAt: at(50)},
							{Provider: "vonage", State: state, Class: "retry", StartedAt: at(2010), EndedAt: at(2020)},
						},
					}},
				}},
			}}, Events: []Event{{At: at(3200), Actor: "jdoe", Action: audit.SecondFactorRefused}}}
			entries := Story(h)[0].Entries
			attempts, last := 0, -1
			for i, e := range entries {
				switch e.Text.Key {
				case "story.attempt":
					attempts++
				case "audit.second_factor_refused":
					last = i
				case "story.login_ended", "story.outcome.exhausted":
					if last < 0 {
						t.Errorf("ended at %d ms: %s comes before the wrong code", ended, e.Text.Key)
					}
				}
			}
			if attempts != 1 {
				t.Errorf("%s: %d attempts are told beside the sends that tell them, want the one without", state, attempts)
			}
		}
	}
}
