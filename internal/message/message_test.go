package message_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// carriers are providers that do as a test's script says; the last outcome of a script repeats.
type carriers struct {
	mu     sync.Mutex
	route  []string
	script map[string][]sms.Outcome
	calls  []string
	texts  []message.Text
	during func() // while a call is under way
}

func (c *carriers) Route(_ string, channel sms.Channel) []string {
	if channel == sms.ByCall {
		return []string{"voice"}
	}
	return c.route
}

func (c *carriers) Send(_ context.Context, provider string, t message.Text) sms.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.texts = append(c.calls, provider), append(c.texts, t)
	if c.during != nil {
		c.during()
	}
	script := c.script[provider]
	if len(script) == 0 {
		return sms.Outcome{Class: sms.Sent, Status: "0"}
	}
	if len(script) > 1 {
		c.script[provider] = script[1:]
	}
	return script[0]
}

// queued remembers what was queued again.
type queued struct{ again []int }

func (q *queued) SendAgain(_ context.Context, _ pgx.Tx, _ int64, _, again int, _ bool) error {
	q.again = append(q.again, again)
	return nil
}

func (q *queued) SendCode(context.Context, pgx.Tx, int64, int, bool) error { return nil }

type world struct {
	t         testing.TB
	pool      *db.Pool
	carriers  *carriers
	queue     *queued
	factors   *twofactor.Service
	messages  *message.Service
	challenge int64
	sess      session.Session
}

func newWorld(t testing.TB, route ...string) *world {
	t.Helper()
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	w := &world{t: t, pool: dbtest.Pool(t), carriers: &carriers{route: route, script: map[string][]sms.Outcome{}}, queue: &queued{}}
	log := audit.NewLog(logger)
	sessions := session.NewStore(w.pool, log)
	w.factors = twofactor.New(w.pool, ring, sessions, w.queue, log, time.Now, "Nightlatch")
	w.messages = message.New(w.pool, w.factors, w.carriers, w.queue, message.NoMeter{}, logger, func() time.Duration { return 0 }, 10_000)
	office := w.number("insert into offices (code, name, two_factor_required) values ('ACME', 'Acme', true) returning id")
	user := w.number("insert into users (office_id, username, name, role, password_hash) values ($1, 'jdoe', 'J', 'user', 'x') returning id", office)
	w.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, '+31612345678', 'NL', now())", user)
	token, err := w.factors.Begin(t.Context(), account.User{ID: user, OfficeID: office, Username: "jdoe", Role: account.RoleUser}, "nl", session.Client{Address: "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	if w.sess, err = sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	w.challenge = w.number("select id from challenges")
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) number(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// stands answers where the newest message stands: state, reason, final.
func (w *world) stands() string {
	w.t.Helper()
	var state, reason string
	var final bool
	err := w.pool.QueryRow(context.Background(), "select state, reason, final from messages order by id desc limit 1").Scan(&state, &reason, &final)
	if err != nil {
		w.t.Fatal(err)
	}
	if final {
		return state + " " + reason + " final"
	}
	return state + " " + reason
}

func (w *world) is(want string) {
	w.t.Helper()
	if got := w.stands(); got != want {
		w.t.Errorf("the message stands at %q, not %q", got, want)
	}
}

// work runs the job until it is over, as River does, at most n times.
func (w *world) work(n int) (err error) {
	w.t.Helper()
	for range n {
		err = w.messages.Deliver(context.Background(), w.challenge, 1, func(context.Context, pgx.Tx) error { return nil })
		var cancelled *message.Cancelled
		if err == nil || errors.As(err, &cancelled) {
			return err
		}
	}
	return err
}

func (w *world) called(want ...string) {
	w.t.Helper()
	if fmt.Sprint(w.carriers.calls) != fmt.Sprint(want) {
		w.t.Errorf("called were %v, not %v", w.carriers.calls, want)
	}
	for _, text := range w.carriers.texts {
		if text.Code != w.carriers.texts[0].Code {
			w.t.Error("two codes were sent")
		}
	}
}

func (w *world) receipt(provider, id string, status sms.ReceiptStatus) {
	w.t.Helper()
	var ref string
	if err := w.pool.QueryRow(context.Background(), "select ref from challenges where id = $1", w.challenge).Scan(&ref); err != nil {
		w.t.Fatal(err)
	}
	if err := w.messages.Receive(context.Background(), sms.Receipt{Provider: provider, ProviderID: id, Ref: ref + ".1", Status: status}); err != nil {
		w.t.Fatal(err)
	}
}

var (
	awaited   = sms.Outcome{Class: sms.Sent, Status: "0", ProviderID: "id-1", Awaited: true, Price: "0.0333", Network: "20408", Balance: "12.5"}
	noCredit  = sms.Outcome{Class: sms.Account, Status: "9"}
	silent    = sms.Outcome{Class: sms.Unknown, Status: "timeout"}
	busy      = sms.Outcome{Class: sms.Retry, Status: "5"}
	throttled = sms.Outcome{Class: sms.Wait, Status: "1"}
)

func TestTheSecondProviderDeliversWhatTheFirstRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first sms.Outcome
		calls []string
	}{
		"our account": {noCredit, []string{"a", "b"}},
		"our request": {sms.Outcome{Class: sms.Ours, Status: "15"}, []string{"a", "b"}},
		"busy, twice": {busy, []string{"a", "a", "b"}},
		"no answer":   {silent, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "a", "b")
			w.carriers.script["a"] = []sms.Outcome{c.first}
			if err := w.work(5); err != nil {
				t.Fatal(err)
			}
			w.called(c.calls...)
			w.is("accepted  final")
		})
	}
}

func TestANumberThatCannotGetTextsIsNotTriedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.carriers.script["a"] = []sms.Outcome{{Class: sms.Number, Status: "6"}}
	if err := w.work(5); err == nil {
		t.Fatal("the job should be cancelled")
	}
	w.called("a")
	w.is("failed number final")
}

func TestARefusedAccountOpensTheBreakerAtOnceAndTheNextUserIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{noCredit}
	if err := w.work(5); err == nil {
		t.Fatal("the job should be cancelled")
	}
	w.is("failed account final")
	w.exec("update messages set state = 'queued', final = false, reason = ''")
	w.exec("delete from sends")
	if err := w.work(1); err == nil {
		t.Fatal("the job should be cancelled")
	}
	w.called("a")
	w.is("failed account final")

	// Once the account is paid, the first that comes after the probe's time closes it for all.
	w.exec("update messages set state = 'queued', final = false, reason = ''")
	w.exec("update providers set probe_at = now()")
	w.carriers.script["a"] = nil
	if err := w.work(1); err != nil {
		t.Fatal(err)
	}
	w.is("accepted  final")
	if open := w.number("select count(*) from providers where open_since is not null"); open != 0 {
		t.Error("the breaker is still open")
	}
}

func TestFiveFailuresInARowOpenTheBreakerForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{busy}
	var later *message.Later
	if err := w.work(6); !errors.As(err, &later) {
		t.Fatalf("the sixth try answers %v", err)
	}
	w.called("a", "a", "a", "a", "a")
	w.is("retrying waiting")
}

func TestManyAtOnceAreOneProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.exec("insert into providers (name, open_since, open_class, probe_at) values ('a', now() - interval '1 minute', 'retry', now())")
	var turns atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := w.messages.Turn(context.Background(), "a")
			if err != nil {
				t.Error(err)
			}
			if got {
				turns.Add(1)
			}
		})
	}
	wg.Wait()
	if turns.Load() != 1 {
		t.Errorf("%d probes at once", turns.Load())
	}
}

func TestFailuresFarApartOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{busy}
	for range 7 {
		_ = w.work(1)
		w.exec("update providers set failing_since = failing_since - interval '31 seconds'")
	}
	if len(w.carriers.calls) != 7 {
		t.Errorf("%d calls", len(w.carriers.calls))
	}
}

func TestTwoCallsMayHaveSentAtMostWhoeverMadeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	for _, name := range w.carriers.route {
		w.carriers.script[name] = []sms.Outcome{silent}
	}
	if err := w.work(6); err == nil {
		t.Fatal("the job should be cancelled")
	}
	w.called("a", "b")
	w.is("unsure no_answer final")
}

func TestAReceiptMovesTheMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.carriers.script["a"] = []sms.Outcome{awaited}
	if err := w.work(1); err != nil {
		t.Fatal(err)
	}
	w.is("accepted ")
	w.receipt("a", "id-1", sms.Accepted)
	w.is("accepted ")
	w.receipt("a", "id-1", sms.Buffered)
	w.is("accepted buffered")
	w.receipt("a", "id-1", sms.Delivered)
	w.is("delivered  final")
	// Late, twice, contradictory: nothing moves any more, and nobody is asked again.
	for _, late := range []sms.ReceiptStatus{sms.Delivered, sms.Failed, sms.Accepted, sms.Buffered} {
		w.receipt("a", "id-1", late)
	}
	w.is("delivered  final")
	if len(w.queue.again) != 0 {
		t.Error("a delivered message was queued again")
	}
	if n := w.number("select count(*) from receipts"); n != 4 {
		t.Errorf("%d receipts are kept, not one of each status", n)
	}
	if ended := w.number("select count(*) from challenges where ended_at is not null"); ended != 0 {
		t.Error("a receipt ended a challenge")
	}
	if level := w.number("select max(level) from sessions"); level != 1 {
		t.Error("a receipt let somebody in")
	}
}

func TestAFailedReceiptHasTheNextProviderSendTheSameCode(t *testing.T) {
	t.Parallel()
	for _, status := range []sms.ReceiptStatus{sms.Failed, sms.Rejected, sms.Expired} {
		w := newWorld(t, "a", "b")
		w.carriers.script["a"] = []sms.Outcome{awaited}
		if err := w.work(1); err != nil {
			t.Fatal(err)
		}
		w.receipt("a", "id-1", status)
		w.is("retrying undelivered")
		if fmt.Sprint(w.queue.again) != "[1]" {
			t.Fatalf("queued again: %v", w.queue.again)
		}
		if err := w.work(1); err != nil {
			t.Fatal(err)
		}
		w.called("a", "b")
		w.is("accepted  final")
		w.receipt("a", "id-1", status)
		if len(w.queue.again) != 1 {
			t.Error("a repeated receipt queued the message again")
		}
	}
}

func TestAFailedReceiptOfTheOnlyProviderIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{awaited}
	if err := w.work(1); err != nil {
		t.Fatal(err)
	}
	w.receipt("a", "id-1", sms.Failed)
	if err := w.work(1); err == nil {
		t.Fatal("the job should be cancelled")
	}
	w.called("a")
	w.is("failed undelivered final")
}

func TestAReceiptBeforeTheAnswerCounts(t *testing.T) {
	t.Parallel()
	for status, want := range map[sms.ReceiptStatus]string{
		sms.Delivered: "delivered  final", sms.Failed: "retrying undelivered", sms.Buffered: "accepted buffered",
	} {
		w := newWorld(t, "a", "b")
		w.carriers.script["a"] = []sms.Outcome{awaited}
		w.carriers.during = func() { w.receipt("a", "id-1", status) }
		if err := w.work(1); err != nil {
			t.Fatal(err)
		}
		w.is(want)
	}
}

func TestReceiptsOfNobodyAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	for _, ref := range []string{"", ".", "x.1", "aaaaaaaaaaaaaaaaaaaaaaaaaa.1", "aaaaaaaaaaaaaaaaaaaaaaaaaa.9", "aaaaaaaaaaaaaaaaaaaaaaaaaa.-1"} {
		if err := w.messages.Receive(t.Context(), sms.Receipt{Provider: "a", ProviderID: "x", Ref: ref, Status: sms.Delivered}); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if n := w.number("select count(*) from receipts"); n != 0 {
		t.Errorf("%d receipts are kept", n)
	}
}

func TestWhatASendCostsIsAddedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{awaited}
	if err := w.work(1); err != nil {
		t.Fatal(err)
	}
	if n := w.number("select count(*) from costs where provider = 'a' and country = 'NL' and network = '20408' and sends = 1 and cost = 0.0333"); n != 1 {
		t.Error("the cost is not kept")
	}
	if n := w.number("select count(*) from providers where name = 'a' and balance = 12.5 and balance_at is not null"); n != 1 {
		t.Error("the balance is not kept")
	}
}

func TestAThrottledProviderMakesEverybodyWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.carriers.script["a"] = []sms.Outcome{throttled}
	var later *message.Later
	if err := w.work(1); !errors.As(err, &later) || later.After < time.Second {
		t.Fatalf("the answer is %v", err)
	}
	if n := w.number("select count(*) from providers where next_turn_at > now() + interval '100 milliseconds' and failures = 0"); n != 1 {
		t.Error("the shared rate does not know of it")
	}
}

func TestACallSpeaksTheLiveCodeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.exec("update challenges set asked_at = asked_at - interval '1 minute'")
	if err := w.factors.Resend(t.Context(), w.sess, "nl", twofactor.Call); err != nil {
		t.Fatal(err)
	}
	if err := w.messages.Deliver(t.Context(), w.challenge, 2, func(context.Context, pgx.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	w.called("voice")
	ref := w.carriers.texts[0].Ref
	code, language, err := w.messages.Spoken(t.Context(), ref)
	if err != nil || language != "nl" || code != w.carriers.texts[0].Code {
		t.Errorf("spoken is %q in %q, %v", code, language, err)
	}
	if _, _, err := w.messages.Spoken(t.Context(), ref[:len(ref)-1]+"1"); !errors.Is(err, message.ErrOver) {
		t.Errorf("a text's message is spoken: %v", err)
	}
	w.exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null")
	if _, _, err := w.messages.Spoken(t.Context(), ref); !errors.Is(err, message.ErrOver) {
		t.Errorf("a used code is spoken: %v", err)
	}
}

// One rate for all: 40 jobs at 50 a second on "two nodes" take 0.8 s, whoever works them.
func TestAllProcessesTogetherKeepToTheRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	const rate = 50
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	var nodes []*message.Service
	for range 2 {
		nodes = append(nodes, message.New(w.pool, w.factors, w.carriers, w.queue, message.NoMeter{}, logger, func() time.Duration { return 0 }, rate))
	}
	var times []time.Time
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := nodes[i%2].Turn(context.Background(), "a")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
		})
	}
	began := time.Now()
	wg.Wait()
	if took := time.Since(began); took < 39*time.Second/rate*9/10 {
		t.Errorf("40 turns at %d a second took %s", rate, took)
	}
	for i := range times {
		n := 0
		for _, other := range times {
			if d := other.Sub(times[i]); d >= 0 && d < 200*time.Millisecond {
				n++
			}
		}
		if n > rate/5+6 { // some slack for a busy machine's timers
			t.Errorf("%d turns within 200 ms", n)
		}
	}
}
