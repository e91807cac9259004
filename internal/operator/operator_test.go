package operator

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is an installation with the office ACME and its user jdoe, and what the tests put into it.
type world struct {
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

func (a *anewFake) SendAnew(_ context.Context, id int64) error {
	a.asked = append(a.asked, id)
	return a.err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, pool: dbtest.Pool(t), anew: &anewFake{}}
	w.s = New(w.pool, audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil))), w.anew)
	w.exec("insert into installation (key_fingerprint) values ('x')")
	w.office = w.id("insert into offices (code, name, two_factor_required) values ('ACME', 'Acme', true) returning id")
	w.user = w.id("insert into users (office_id, username, name, role, password_hash) values ($1, 'jdoe', 'J. Doe', 'user', 'x') returning id", w.office)
	w.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, '+31612345678', 'NL', now())", w.user)
	w.by = By{audit.Person{ID: w.id("insert into users (username, name, role, password_hash) values ('ops', 'Ops', 'operator', 'x') returning id"), Name: "ops"}, "192.0.2.9"}
	w.login = w.session("3 minutes")
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) id(sql string, args ...any) (id int64) {
	w.t.Helper()
	if err := w.pool.QueryRow(context.Background(), sql, args...).Scan(&id); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return id
}

// session is a pending log-in that began so long ago.
func (w *world) session(ago string) int64 {
	return w.id(`insert into sessions (user_id, token_hash, address, user_agent, created_at, expires_at)
		values ($1, sha256(gen_random_uuid()::text::bytea), '192.0.2.1', '', now() - $2::text::interval, now() - $2::text::interval + interval '10 minutes') returning id`, w.user, ago)
}

// challenge is one that began so long ago, live while its five minutes last.
func (w *world) challenge(ago string) int64 {
	return w.id(`insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, code_ct, created_at, expires_at)
		values (gen_random_uuid(), $1, $2, $3, 'sign_in', '+31612345678', 'NL', 'en', 'x', 'x', now() - $4::text::interval, now() - $4::text::interval + interval '5 minutes') returning id`,
		w.login, w.user, w.office, ago)
}

func (w *world) message(challenge int64, state, reason string, final bool, ago string) int64 {
	return w.id(`insert into messages (challenge_id, send_no, state, reason, final, queued_at, changed_at, accepted_at)
		values ($1, 1, $2::text, $3, $4, now() - $5::text::interval, now() - $5::text::interval + interval '2 seconds',
			case when $2::text in ('accepted', 'delivered') then now() - $5::text::interval + interval '1 second' end) returning id`,
		challenge, state, reason, final, ago)
}

func (w *world) send(message int64, provider, state, class, status, ago string) {
	w.exec(`insert into sends (message_id, provider, state, class, status, provider_id, started_at, finished_at)
		values ($1, $2, $3, $4, $5, gen_random_uuid(), now() - $6::text::interval, now() - $6::text::interval + interval '300 milliseconds')`, message, provider, state, class, status, ago)
}

func (w *world) receipt(message int64, provider, status, code, ago string) {
	w.exec(`insert into receipts (message_id, provider, provider_id, status, error_code, received_at)
		values ($1, $2, gen_random_uuid(), $3, $4, now() - $5::text::interval)`, message, provider, status, code, ago)
}

func (w *world) job(challenge int64, state, failure string) {
	w.exec(`insert into river_job (args, kind, max_attempts, queue, state, attempt, finalized_at, errors)
		values (jsonb_build_object('challenge_id', $1::bigint, 'send_no', 1), 'send_code', 100, 'sms_login', $2::text::river_job_state, 1,
			case when $2::text in ('completed', 'cancelled', 'discarded') then now() end,
			case when $3 <> '' then array[jsonb_build_object('at', now(), 'attempt', 1, 'error', $3::text, 'trace', 'secret trace')] end)`, challenge, state, failure)
}

func (w *world) event(action, detail, ago string) {
	w.exec("insert into audit_events (at, office_id, actor_id, actor, action, detail) values (now() - $1::text::interval, $2, $3, 'jdoe', $4, $5)", ago, w.office, w.user, action, detail)
}

func (w *world) look() History {
	w.t.Helper()
	h, err := w.s.Look(context.Background(), " acme", "JDoe")
	if err != nil {
		w.t.Fatal(err)
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

func (w *world) reads(h History, why ...string) {
	w.t.Helper()
	if got := keys(Why(h)); !slices.Equal(got, why) {
		w.t.Errorf("the reason is %v, want %v", got, why)
	}
}

func (w *world) tells(h History, entries ...string) {
	w.t.Helper()
	got := told(h)
	for _, e := range entries {
		if !slices.Contains(got, e) {
			w.t.Errorf("the story is %v, without %s", got, e)
		}
	}
}

func TestARefusedAccountAndTheProviderThatTookOver(t *testing.T) {
	w := newWorld(t)
	c := w.challenge("90 seconds")
	m := w.message(c, "delivered", "", true, "90 seconds")
	w.send(m, "vonage", "refused", "account", "9", "89 seconds")
	w.send(m, "webhook", "sent", "sent", "200", "85 seconds")
	w.receipt(m, "webhook", "delivered", "0", "40 seconds")
	w.job(c, "completed", "vonage refused (account, status 9) for +31612345678, code 123456")
	w.exec("insert into providers (name, open_since, open_class, open_status, probe_at) values ('vonage', now() - interval '1 hour', 'account', '9', now())")
	w.exec("update challenges set tries = 2")
	h := w.look()
	w.reads(h, "why.provider.account", "why.moved.delivered", "why.delivered_tries")
	w.tells(h, "story.login", "story.challenge", "story.queued", "story.send.account", "story.attempt", "story.send.sent", "story.receipt", "story.job.completed", "story.live")
	first := fmt.Sprint(Why(h)[0].Args)
	if since := h.Providers["vonage"].OpenSince; !strings.Contains(first, "no_credit") || !strings.Contains(first, since.String()) {
		t.Errorf("the breaker's time or the status's meaning is missing: %s", first)
	}
	if all := fmt.Sprintf("%+v %+v", h, Story(h)); strings.Contains(all, "612345678") || strings.Contains(all, "123456") || strings.Contains(all, "secret trace") {
		t.Error("a whole number, a code or a trace is in the story")
	}
	if !h.Live() || Story(h)[0].Live != c || Story(h)[0].Last != c {
		t.Error("the challenge cannot be acted on")
	}
}

func TestAcceptThenResetIsUncertain(t *testing.T) {
	w := newWorld(t)
	c := w.challenge("60 seconds")
	m := w.message(c, "unsure", "no_answer", true, "60 seconds")
	w.send(m, "vonage", "unknown", "unknown", "reset", "60 seconds")
	w.send(m, "vonage", "unknown", "unknown", "reset", "50 seconds")
	w.job(c, "cancelled", "unsure")
	h := w.look()
	w.reads(h, "why.provider.unknown", "why.unsure_final")
	w.tells(h, "story.send.unknown", "story.unsure", "story.job.cancelled")
}

func TestAProviderThatIsDownLongerThanACodeLives(t *testing.T) {
	w := newWorld(t)
	c := w.challenge("2 minutes")
	m := w.message(c, "retrying", "busy", false, "2 minutes")
	w.send(m, "vonage", "refused", "retry", "dial", "100 seconds")
	w.job(c, "retryable", "vonage refused for now (dial)")
	h := w.look()
	w.reads(h, "why.provider.retry", "why.retrying")
	w.tells(h, "story.send.retry", "story.attempt", "story.next_attempt")

	// Then the code expires, and the log-in with it.
	w.exec("update challenges set created_at = now() - interval '7 minutes', expires_at = now() - interval '2 minutes', ended_at = now() - interval '2 minutes', outcome = 'expired', code_ct = null")
	w.exec("update messages set state = 'failed', reason = 'too_late', final = true")
	h = w.look()
	w.reads(h, "why.provider.retry", "why.expired_unsent", "why.may_ask")
	w.tells(h, "story.outcome.expired", "story.failed")
	w.exec("update sessions set expires_at = now() - interval '1 minute'")
	h = w.look()
	w.reads(h, "why.nothing", "why.provider.retry", "why.expired_unsent")
	if h.Live() || Story(h)[0].Last != 0 {
		t.Error("something is said to be under way")
	}
}

func TestAPhoneThatIsSwitchedOff(t *testing.T) {
	w := newWorld(t)
	m := w.message(w.challenge("60 seconds"), "accepted", "", true, "60 seconds")
	w.send(m, "vonage", "sent", "sent", "0", "60 seconds")
	w.reads(w.look(), "why.accepted")
	w.receipt(m, "vonage", "buffered", "2", "30 seconds")
	w.reads(w.look(), "why.buffered")
}

func TestAReceiptThatSaysNo(t *testing.T) {
	w := newWorld(t)
	c := w.challenge("60 seconds")
	m := w.message(c, "failed", "undelivered", true, "60 seconds")
	w.send(m, "vonage", "sent", "sent", "0", "60 seconds")
	w.receipt(m, "vonage", "failed", "6", "30 seconds")
	w.reads(w.look(), "why.undelivered_because")
	// The next provider takes it.
	w.exec("update messages set state = 'accepted', accepted_at = now()")
	w.send(m, "webhook", "sent", "sent", "200", "20 seconds")
	h := w.look()
	w.reads(h, "why.undelivered_because", "why.moved.accepted")
	if args := fmt.Sprint(Why(h)[0].Args); !strings.Contains(args, "op_receipt_error.6") || !strings.Contains(args, "vonage") {
		t.Errorf("the reason does not say who and why: %s", args)
	}
}

func TestALimitIsToldWithItsNumber(t *testing.T) {
	w := newWorld(t)
	w.event("code_not_sent", "office", "1 minute")
	h := w.look()
	w.reads(h, "why.not_sent")
	limit, ok := Why(h)[0].Args[3].(Sentence)
	if !ok || limit.Key != "op_limit.office" || !reflect.DeepEqual(limit.Args, []any{"N", 50}) {
		t.Errorf("the limit is %v", Why(h)[0].Args)
	}
	w.tells(h, "story.not_sent")
}

func TestTenWrongCodesInARow(t *testing.T) {
	w := newWorld(t)
	w.event("second_factor_refused", "sms", "90 seconds")
	w.event("second_factor_wait", "10 in a row", "80 seconds")
	w.exec("insert into factor_failures (user_id, in_a_row, wait_until) values ($1, 10, now() + interval '12 minutes 30 seconds')", w.user)
	h := w.look()
	w.reads(h, "why.wait")
	if n := Why(h)[0].N; n != 13 {
		t.Errorf("the wait is %d minutes", n)
	}
	w.tells(h, "audit.second_factor_refused", "audit.second_factor_wait")
	w.exec("update factor_failures set in_a_row = 100, wait_until = null")
	w.reads(w.look(), "why.locked")
}

func TestWhatComesBeforeAMessage(t *testing.T) {
	w := newWorld(t)
	w.reads(w.look(), "why.not_asked")
	w.exec("update mobile_numbers set confirmed_at = null")
	w.reads(w.look(), "why.unconfirmed")
	w.exec("delete from mobile_numbers")
	w.reads(w.look(), "why.no_method")
	w.exec("insert into authenticators (user_id, secret_ct, last_step) values ($1, 'x', 1)", w.user)
	w.reads(w.look(), "why.asked_for_app")
	w.exec("update sessions set level = 2, second_factor_at = now()")
	w.reads(w.look(), "why.nothing", "why.done")
	w.event("sign_in_refused", "", "1 second")
	w.reads(w.look(), "why.nothing", "why.password_refused")
	w.exec("update users set disabled_at = now()")
	w.reads(w.look(), "why.disabled")
}

func TestNothingOlderThanADayIsTold(t *testing.T) {
	w := newWorld(t)
	w.exec("update sessions set created_at = now() - interval '26 hours', expires_at = now() - interval '25 hours'")
	w.event("sign_in_refused", "", "25 hours")
	h := w.look()
	if len(Story(h)) != 0 {
		t.Errorf("told: %v", Story(h))
	}
	w.reads(h, "why.nothing")
}

func TestALookUpIsInTheHistoryOfTheOfficeAndARefreshIsNot(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	looked := func() int64 {
		return w.id("select count(*) from audit_events where action = 'user_looked_up' and office_id = $1 and actor = 'ops' and subject = 'jdoe' and address = '192.0.2.9'", w.office)
	}
	if _, err := w.s.Search(ctx, w.by, "ACME", "jdoe"); err != nil || looked() != 1 {
		t.Errorf("%v; noted %d times", err, looked())
	}
	w.look()
	for _, who := range [][2]string{{"ACME", "nobody"}, {"NONE", "jdoe"}, {"", ""}, {"ACME", "ops"}} {
		if _, err := w.s.Search(ctx, w.by, who[0], who[1]); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v answers %v", who, err)
		}
	}
	if looked() != 1 {
		t.Errorf("noted %d times", looked())
	}
	if told := told(w.look()); slices.Contains(told, "audit.user_looked_up") {
		t.Error("the operators' own look-ups are in the story")
	}
}

func TestEndingAChallengeWipesItsCodeOnce(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	c := w.challenge("10 seconds")
	if err := w.s.EndChallenge(ctx, w.by, c); err != nil {
		t.Fatal(err)
	}
	if n := w.id("select count(*) from challenges where id = $1 and outcome = 'abandoned' and code_ct is null", c); n != 1 {
		t.Error("the challenge lives")
	}
	if err := w.s.EndChallenge(ctx, w.by, c); !errors.Is(err, ErrOver) {
		t.Errorf("ending it again answers %v", err)
	}
	if err := w.s.EndChallenge(ctx, w.by, c+1); !errors.Is(err, ErrUnknown) {
		t.Errorf("ending nothing answers %v", err)
	}
	if n := w.id("select count(*) from audit_events where action = 'challenge_ended' and office_id = $1 and subject_id = $2 and actor_id = $3", w.office, w.user, w.by.Operator.ID); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
	w.tells(w.look(), "audit.challenge_ended")
}

func TestSendingAnewIsForALogInThatLives(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	c := w.challenge("10 seconds")
	if err := w.s.SendAnew(ctx, w.by, c); err != nil || !slices.Equal(w.anew.asked, []int64{c}) {
		t.Errorf("%v; asked for %v", err, w.anew.asked)
	}
	limit := errors.New("a limit")
	w.anew.err = limit
	if err := w.s.SendAnew(ctx, w.by, c); !errors.Is(err, limit) {
		t.Errorf("a limit becomes %v", err)
	}
	w.exec("update sessions set ended_at = now()")
	if err := w.s.SendAnew(ctx, w.by, c); !errors.Is(err, ErrOver) || len(w.anew.asked) != 2 {
		t.Errorf("after the log-in it answers %v", err)
	}
	if n := w.id("select count(*) from audit_events where action = 'challenge_renewed' and office_id = $1", w.office); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
}

func TestARangeThatTakesManyAndVerifiesFewIsStopped(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	fill := func(prefix string, n, verified int, ago string) {
		w.exec(`with c as (
			insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, created_at, expires_at, ended_at, outcome)
			select gen_random_uuid(), $1, $2, 'sign_in', $3 || (10000 + n), 'NL', 'en', 'x', now() - $6::text::interval, now() - $6::text::interval, now(), case when n <= $5 then 'verified' else 'expired' end
			from generate_series(1, $4::int) n returning id)
			insert into messages (challenge_id, send_no, state, accepted_at) select id, 1, 'accepted', now() from c`, w.login, w.user, prefix, n, verified, ago)
	}
	stopped := func() (found []string) {
		o, err := w.s.Overview(ctx, hour)
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
	if err := w.s.ReleasePrefix(ctx, w.by, "+316444"); err != nil || len(stopped()) != 0 {
		t.Errorf("released: %v, stopped are %v", err, stopped())
	}
	for _, bad := range []string{"", "316444", "+31 6", "+31612345678901", "%"} {
		if err := w.s.ReleasePrefix(ctx, w.by, bad); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q is released: %v", bad, err)
		}
	}
	if n := w.id("select count(*) from audit_events where action = 'prefix_released' and detail = '+316444•••••'"); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
}

func TestTheOverviewCountsWhatBecameOfMessages(t *testing.T) {
	w := newWorld(t)
	for _, m := range []struct{ state, country, provider, delivered string }{
		{"delivered", "NL", "vonage", "4 seconds"}, {"delivered", "NL", "vonage", "6 seconds"}, {"accepted", "BE", "webhook", ""}, {"failed", "BE", "vonage", ""}, {"queued", "NL", "", ""},
	} {
		c := w.challenge("5 minutes")
		w.exec("update challenges set country = $2, ended_at = now(), code_ct = null, outcome = $3 where id = $1", c, m.country, map[bool]string{true: "verified", false: "expired"}[m.state == "delivered"])
		id := w.message(c, m.state, "", m.state == "failed" || m.state == "delivered", "5 minutes")
		if m.provider != "" {
			w.send(id, "first", "refused", "retry", "dial", "5 minutes")
			w.send(id, m.provider, "sent", "sent", "0", "299 seconds")
		}
		if m.delivered != "" {
			w.exec("update messages set changed_at = queued_at + $2::text::interval where id = $1", id, m.delivered)
		}
	}
	old := w.message(w.challengeEnded("3 hours"), "delivered", "", true, "3 hours")
	w.send(old, "vonage", "sent", "sent", "0", "3 hours")
	w.job(1, "available", "")
	w.exec("update river_job set created_at = now() - interval '90 seconds'")
	w.exec("update installation set money_cap = 10")
	w.exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, date_trunc('month', now()), 'vonage', 'NL', '', 2, 1.5), ($1, '2020-01-01', 'vonage', 'NL', '', 2, 99)", w.office)
	w.exec("insert into providers (name, open_since, probe_at, open_class, open_status, balance, balance_at) values ('vonage', now(), now(), 'account', '9', 3.5, now()), ('webhook', null, null, '', '', null, null)")

	o, err := w.s.Overview(context.Background(), PeriodOf("hour"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (States{Waiting: 1, Accepted: 1, Delivered: 2, Failed: 1}); o.All.States != want || o.All.Sent != 3 || o.All.Verified != 2 {
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
	if len(o.Queues) != 1 || o.Queues[0].Depth != 1 || o.Queues[0].Oldest < 90*time.Second || o.Queues[0].Oldest > 2*time.Minute {
		t.Errorf("the queues are %+v", o.Queues)
	}
	if len(o.Providers) != 2 || o.Providers[0].OpenSince.IsZero() || o.Providers[0].Balance != 3.5 || !o.Providers[1].BalanceAt.IsZero() {
		t.Errorf("the providers are %+v", o.Providers)
	}
	if o.Spent != 1.5 || o.Cap != "10.00" {
		t.Errorf("spent %v of %q", o.Spent, o.Cap)
	}
	if day, _ := w.s.Overview(context.Background(), PeriodOf("day")); day.All.States.Delivered != 3 {
		t.Errorf("the day has %+v", day.All)
	}
}

func (w *world) challengeEnded(ago string) int64 {
	id := w.challenge(ago)
	w.exec("update challenges set ended_at = expires_at, outcome = 'expired', code_ct = null where id = $1", id)
	return id
}

func TestOfficesSayWhatTheyUse(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.message(w.challengeEnded("1 second"), "accepted", "", true, "1 second")
	w.message(w.challengeEnded("1 second"), "failed", "number", true, "1 second")
	w.exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, date_trunc('month', now()), 'vonage', 'NL', '', 2, 1.5)", w.office)
	if err := w.s.CapOffice(ctx, w.by, w.office, " 99,5"); err != nil {
		t.Fatal(err)
	}
	offices, err := w.s.Offices(ctx)
	if err != nil || len(offices) != 1 {
		t.Fatal(offices, err)
	}
	if o := offices[0]; o.Users != 1 || o.Messages != 1 || o.Cost != 1.5 || o.Cap != "99.50" || !o.TwoFactorRequired {
		t.Errorf("the office is %+v", o)
	}
	for _, bad := range []string{"-1", "1e3", "1.234", "abc", "1;2", "9999999999"} {
		if err := w.s.CapOffice(ctx, w.by, w.office, bad); !errors.Is(err, ErrCap) {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
	if err := w.s.CapOffice(ctx, w.by, 987654, "1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown office answers %v", err)
	}
	if err := w.s.CapOffice(ctx, w.by, w.office, ""); err != nil {
		t.Error(err)
	}
	if err := w.s.CapInstallation(ctx, w.by, "250"); err != nil {
		t.Error(err)
	}
	if n := w.id("select count(*) from audit_events where action = 'money_cap_set' and detail in ('99.5', 'none', '250')"); n != 3 {
		t.Errorf("%d of three changes are noted", n)
	}
	if o, err := w.s.Office(ctx, w.office); err != nil || o.Cap != "" || o.Cost != 1.5 {
		t.Errorf("%+v %v", o, err)
	}
}

func TestCostsAreATableThatNoSpreadsheetRuns(t *testing.T) {
	w := newWorld(t)
	w.exec(`insert into costs (office_id, month, provider, country, network, sends, cost) values
		($1, '2026-11-01', 'vonage', 'NL', '20408', 3, 0.2142), ($1, '2026-11-01', 'webhook', 'BE', '=cmd|''/c calc''!A0', 1, 0.1), ($1, '2026-10-01', 'vonage', 'NL', '', 9, 9)`, w.office)
	var buf bytes.Buffer
	if err := w.s.WriteCosts(context.Background(), &buf, "2026-11"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&buf).ReadAll()
	want := [][]string{
		{"office", "month", "provider", "country", "network", "sends", "cost"},
		{"ACME", "2026-11", "vonage", "NL", "20408", "3", "0.214200"}, {"ACME", "2026-11", "webhook", "BE", "'=cmd|'/c calc'!A0", "1", "0.100000"},
	}
	if err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("%v %v", rows, err)
	}
	for text, want := range map[string]string{"+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "x=": "x=", "": ""} {
		if got := cell(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestWhatIsOldGoesAndTheHistoryStays(t *testing.T) {
	w := newWorld(t)
	keep := w.challengeEnded("29 days")
	w.receipt(w.message(keep, "accepted", "", true, "29 days"), "vonage", "delivered", "", "29 days")
	for range 3 {
		m := w.message(w.challengeEnded("31 days"), "accepted", "", true, "31 days")
		w.send(m, "vonage", "sent", "sent", "0", "31 days")
		w.receipt(m, "vonage", "delivered", "", "31 days")
	}
	w.exec(`insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, created_at, expires_at, ended_at, outcome)
		select gen_random_uuid(), $1, $2, 'sign_in', '+31612345678', 'NL', 'en', 'x', now() - interval '40 days', now(), now(), 'expired' from generate_series(1, 1200)`, w.login, w.user)
	w.exec("insert into demo_messages (number, body, at) values ('+31612345678', 'old', now() - interval '31 days'), ('+31612345678', 'new', now())")
	w.event("signed_in", "sms", "40 days")
	gone, err := w.s.Retain(context.Background(), 30)
	if err != nil || gone != 1203 {
		t.Errorf("%d challenges went: %v", gone, err)
	}
	for table, want := range map[string]int64{"challenges": 1, "messages": 1, "sends": 0, "receipts": 1, "demo_messages": 1, "audit_events": 1, "sessions": 1} {
		if n := w.id("select count(*) from " + table); n != want {
			t.Errorf("%d rows are left in %s, want %d", n, table, want)
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
