package message_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/phone"
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

func (c *carriers) Route(_ string, channel phone.Channel) []string {
	if channel == phone.ByCall {
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

type fixture struct {
	dbtest.Database
	t         testing.TB
	pool      *db.Pool
	carriers  *carriers
	queue     *queued
	factors   *twofactor.Service
	messages  *message.Service
	challenge int64
	sess      session.Session
}

func newFixture(t testing.TB, route ...string) *fixture {
	t.Helper()
	return newFixtureOver(t, dbtest.Pool(t), route...)
}

func newFixtureOver(t testing.TB, pool *db.Pool, route ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, carriers: &carriers{route: route, script: map[string][]sms.Outcome{}}, queue: &queued{}}
	f.Database, f.pool = dbtest.Of(t, pool), pool
	log := factory.AuditLog()
	sessions := session.NewStore(f.pool, log)
	ways := account.NewWays(account.NoMail{}, sessions, log)
	f.factors = twofactor.New(f.pool, factory.Keys(t), sessions, f.queue, ways, log, time.Now, "Nightlatch")
	f.messages = message.New(f.pool, f.factors, f.carriers, f.queue, message.NoMeter{}, factory.Logger(),
		func() time.Duration { return 0 }, 10_000)
	office := factory.Office(t, f.pool, factory.OfficeOpts{TwoFactorRequired: true}).ID
	user := factory.User(t, f.pool, office, factory.UserOpts{Username: "jdoe"}).ID
	factory.Number(t, f.pool, user, factory.NumberOpts{})
	token, _, err := f.factors.Begin(t.Context(), account.User{
		ID: user, OfficeID: office, Username: "jdoe", Role: account.RoleUser, PasswordVersion: 1,
	}, "nl", session.Client{Address: "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	if f.sess, err = sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	f.challenge = f.ID("select id from challenges")
	return f
}

// stands answers where the newest message stands: state, reason, final.
func (f *fixture) stands() string {
	f.t.Helper()
	var state, reason string
	var final bool
	err := f.pool.QueryRow(context.Background(),
		"select state, reason, final from messages order by id desc limit 1").Scan(&state, &reason, &final)
	if err != nil {
		f.t.Fatal(err)
	}
	if final {
		return state + " " + reason + " final"
	}
	return state + " " + reason
}

func (f *fixture) is(want string) {
	f.t.Helper()
	if got := f.stands(); got != want {
		f.t.Errorf("the message stands at %q, not %q", got, want)
	}
}

// work runs the job until it is over, as River does, at most n times.
func (f *fixture) work(n int) (err error) {
	f.t.Helper()
	for range n {
		err = f.messages.Deliver(context.Background(), f.challenge, 1)
		var cancelled *message.Cancelled
		if err == nil || errors.As(err, &cancelled) {
			return err
		}
	}
	return err
}

func (f *fixture) called(want ...string) {
	f.t.Helper()
	if fmt.Sprint(f.carriers.calls) != fmt.Sprint(want) {
		f.t.Errorf("called were %v, not %v", f.carriers.calls, want)
	}
	for _, text := range f.carriers.texts {
		if text.Code != f.carriers.texts[0].Code {
			f.t.Error("two codes were sent")
		}
	}
}

func (f *fixture) receipt(provider, id string, status sms.ReceiptStatus) {
	f.t.Helper()
	var ref string
	if err := f.pool.QueryRow(context.Background(), "select ref from challenges where id = $1",
		f.challenge).Scan(&ref); err != nil {
		f.t.Fatal(err)
	}
	if err := f.messages.Receive(context.Background(), sms.Receipt{Provider: provider, ProviderID: id, Ref: ref + ".1",
		Status: status}); err != nil {
		f.t.Fatal(err)
	}
}

var (
	awaited = sms.Outcome{
		Class: sms.Sent, Status: "0", ProviderID: "id-1", Awaited: true, Price: "0.0333", Network: "20408", Balance: "12.5",
	}
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
			f := newFixture(t, "a", "b")
			f.carriers.script["a"] = []sms.Outcome{c.first}
			if err := f.work(5); err != nil {
				t.Fatal(err)
			}
			f.called(c.calls...)
			f.is("accepted  final")
		})
	}
}

func TestANumberThatCannotGetTextsIsNotTriedElsewhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a", "b")
	f.carriers.script["a"] = []sms.Outcome{{Class: sms.Number, Status: "6"}}
	if err := f.work(5); err == nil {
		t.Fatal("the job should be cancelled")
	}
	f.called("a")
	f.is("failed number final")
}

func TestARefusedAccountOpensTheBreakerAtOnceAndTheNextUserIsToldAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{noCredit}
	if err := f.work(5); err == nil {
		t.Fatal("the job should be cancelled")
	}
	f.is("failed account final")
	f.Exec("update messages set state = 'queued', final = false, reason = ''")
	f.Exec("delete from sends")
	if err := f.work(1); err == nil {
		t.Fatal("the job should be cancelled")
	}
	f.called("a")
	f.is("failed account final")

	// Once the account is paid, the first that comes after the probe's time closes it for all.
	f.Exec("update messages set state = 'queued', final = false, reason = ''")
	f.Exec("update providers set probe_at = now()")
	f.carriers.script["a"] = nil
	if err := f.work(1); err != nil {
		t.Fatal(err)
	}
	f.is("accepted  final")
	if open := f.ID("select count(*) from providers where open_since is not null"); open != 0 {
		t.Error("the breaker is still open")
	}
}

func TestFiveFailuresInARowOpenTheBreakerForAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{busy}
	var later *message.Later
	if err := f.work(6); !errors.As(err, &later) {
		t.Fatalf("the sixth try answers %v", err)
	}
	f.called("a", "a", "a", "a", "a")
	f.is("retrying waiting")
}

func TestManyAtOnceAreOneProbe(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.Exec(`insert into providers (name, open_since, open_class, probe_at)
		values ('a', now() - interval '1 minute', 'retry', now())`)
	var turns atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := f.messages.Turn(context.Background(), "a")
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
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{busy}
	for range 7 {
		_ = f.work(1)
		f.Exec("update providers set failing_since = failing_since - interval '31 seconds'")
	}
	if len(f.carriers.calls) != 7 {
		t.Errorf("%d calls", len(f.carriers.calls))
	}
}

func TestTwoCallsMayHaveSentAtMostWhoeverMadeThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a", "b", "c")
	for _, name := range f.carriers.route {
		f.carriers.script[name] = []sms.Outcome{silent}
	}
	if err := f.work(6); err == nil {
		t.Fatal("the job should be cancelled")
	}
	f.called("a", "b")
	f.is("unsure no_answer final")
}

func TestAReceiptMovesTheMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a", "b")
	f.carriers.script["a"] = []sms.Outcome{awaited}
	if err := f.work(1); err != nil {
		t.Fatal(err)
	}
	f.is("accepted ")
	f.receipt("a", "id-1", sms.Accepted)
	f.is("accepted ")
	f.receipt("a", "id-1", sms.Buffered)
	f.is("accepted buffered")
	f.receipt("a", "id-1", sms.Delivered)
	f.is("delivered  final")
	// Late, twice, contradictory: nothing moves any more, and nobody is asked again.
	for _, late := range []sms.ReceiptStatus{sms.Delivered, sms.Failed, sms.Accepted, sms.Buffered} {
		f.receipt("a", "id-1", late)
	}
	f.is("delivered  final")
	if len(f.queue.again) != 0 {
		t.Error("a delivered message was queued again")
	}
	if n := f.ID("select count(*) from receipts"); n != 4 {
		t.Errorf("%d receipts are kept, not one of each status", n)
	}
	if ended := f.ID("select count(*) from challenges where ended_at is not null"); ended != 0 {
		t.Error("a receipt ended a challenge")
	}
	if level := f.ID("select max(level) from sessions"); level != 1 {
		t.Error("a receipt let somebody in")
	}
}

func TestAFailedReceiptHasTheNextProviderSendTheSameCode(t *testing.T) {
	t.Parallel()
	for _, status := range []sms.ReceiptStatus{sms.Failed, sms.Rejected, sms.Expired} {
		f := newFixture(t, "a", "b")
		f.carriers.script["a"] = []sms.Outcome{awaited}
		if err := f.work(1); err != nil {
			t.Fatal(err)
		}
		f.receipt("a", "id-1", status)
		f.is("retrying undelivered")
		if fmt.Sprint(f.queue.again) != "[1]" {
			t.Fatalf("queued again: %v", f.queue.again)
		}
		if err := f.work(1); err != nil {
			t.Fatal(err)
		}
		f.called("a", "b")
		f.is("accepted  final")
		f.receipt("a", "id-1", status)
		if len(f.queue.again) != 1 {
			t.Error("a repeated receipt queued the message again")
		}
	}
}

func TestAFailedReceiptOfTheOnlyProviderIsTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{awaited}
	if err := f.work(1); err != nil {
		t.Fatal(err)
	}
	f.receipt("a", "id-1", sms.Failed)
	if err := f.work(1); err == nil {
		t.Fatal("the job should be cancelled")
	}
	f.called("a")
	f.is("failed undelivered final")
}

func TestAReceiptBeforeTheAnswerCounts(t *testing.T) {
	t.Parallel()
	for status, want := range map[sms.ReceiptStatus]string{
		sms.Delivered: "delivered  final", sms.Failed: "retrying undelivered", sms.Buffered: "accepted buffered",
	} {
		f := newFixture(t, "a", "b")
		f.carriers.script["a"] = []sms.Outcome{awaited}
		f.carriers.during = func() { f.receipt("a", "id-1", status) }
		if err := f.work(1); err != nil {
			t.Fatal(err)
		}
		f.is(want)
	}
}

func TestReceiptsOfNobodyAreDropped(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	for _, ref := range []string{"", ".", "x.1", "aaaaaaaaaaaaaaaaaaaaaaaaaa.1", "aaaaaaaaaaaaaaaaaaaaaaaaaa.9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaa.-1"} {
		if err := f.messages.Receive(t.Context(), sms.Receipt{Provider: "a", ProviderID: "x", Ref: ref,
			Status: sms.Delivered}); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if n := f.ID("select count(*) from receipts"); n != 0 {
		t.Errorf("%d receipts are kept", n)
	}
}

func TestWhatASendCostsIsAddedUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{awaited}
	if err := f.work(1); err != nil {
		t.Fatal(err)
	}
	if n := f.ID(`select count(*) from costs where provider = 'a' and country = 'NL' and network = '20408' and sends = 1
		and cost = 0.0333`); n != 1 {
		t.Error("the cost is not kept")
	}
	if n := f.ID("select count(*) from providers where name = 'a' and balance = 12.5 and balance_at is not null"); n != 1 {
		t.Error("the balance is not kept")
	}
}

func TestAThrottledProviderMakesEverybodyWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{throttled}
	var later *message.Later
	if err := f.work(1); !errors.As(err, &later) || later.After < time.Second {
		t.Fatalf("the answer is %v", err)
	}
	if n := f.ID(`select count(*) from providers where next_turn_at > now() + interval '100 milliseconds'
		and failures = 0`); n != 1 {
		t.Error("the shared rate does not know of it")
	}
}

func TestACallSpeaksTheLiveCodeAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.Exec("update challenges set asked_at = asked_at - interval '1 minute'")
	if err := f.factors.Resend(t.Context(), f.sess, "nl", phone.ByCall); err != nil {
		t.Fatal(err)
	}
	if err := f.messages.Deliver(t.Context(), f.challenge, 2); err != nil {
		t.Fatal(err)
	}
	f.called("voice")
	ref := f.carriers.texts[0].Ref
	code, language, err := f.messages.Spoken(t.Context(), ref)
	if err != nil || language != "nl" || code != f.carriers.texts[0].Code {
		t.Errorf("spoken is %q in %q, %v", code, language, err)
	}
	if _, _, err := f.messages.Spoken(t.Context(), ref[:len(ref)-1]+"1"); !errors.Is(err, message.ErrOver) {
		t.Errorf("a text's message is spoken: %v", err)
	}
	f.Exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null")
	if _, _, err := f.messages.Spoken(t.Context(), ref); !errors.Is(err, message.ErrOver) {
		t.Errorf("a used code is spoken: %v", err)
	}
}

// One rate for all: 40 jobs at 50 a second on "two nodes" take 0.7 s, whoever works them; five may go at once.
func TestAllProcessesTogetherKeepToTheRate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	const rate = 50
	var nodes []*message.Service
	for range 2 {
		nodes = append(nodes, message.New(f.pool, f.factors, f.carriers, f.queue, message.NoMeter{}, factory.Logger(),
			func() time.Duration { return 0 }, rate))
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
	if took := time.Since(began); took < (39-4)*time.Second/rate*9/10 {
		t.Errorf("40 turns at %d a second took %s", rate, took)
	}
	for i := range times {
		n := 0
		for _, other := range times {
			if d := other.Sub(times[i]); d >= 0 && d < 200*time.Millisecond {
				n++
			}
		}
		if n > rate/5+4+6 { // some slack for a busy machine's timers
			t.Errorf("%d turns within 200 ms", n)
		}
	}
}
