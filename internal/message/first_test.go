package message_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// What a send costs is what all log-ins of a Monday wait for.
func TestTheStatementsOfASend(t *testing.T) {
	t.Parallel()
	accepted := awaited
	accepted.Awaited = false
	for name, c := range map[string]struct {
		outcome sms.Outcome
		asked   string
		commits int // of transactions with more than one statement
	}{
		"taken":               {sms.Outcome{Class: sms.Sent, Status: "0"}, "SendPlan ProviderTake SendFirst SendAccept", 0},
		"with a new balance":  {accepted, "SendPlan ProviderTake SendFirst SendAccept ProviderWorks", 0},
		"a receipt will come": {awaited, "SendPlan ProviderTake SendFirst SendAccept ReceiptStatuses ProviderWorks", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, _, statements := dbtest.Counted(t)
			f := newFixtureOver(t, pool, "a", "b")
			f.carriers.script["a"] = []sms.Outcome{c.outcome}
			asked, commits := statements.Of(func() {
				if err := f.work(1); err != nil {
					t.Fatal(err)
				}
			})
			for i, sql := range asked {
				asked[i] = strings.Fields(sql)[2]
			}
			if got := strings.Join(asked, " "); got != c.asked || commits != c.commits {
				t.Errorf("%s, in %d transactions", got, commits)
			}
		})
	}
}

// The end of the job is no part of its last step: after a kill between the two it runs once more.
func TestAJobThatRunsOnceMoreCallsNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a", "b")
	for range 3 {
		_ = f.work(1)
	}
	f.called("a")
	f.is("accepted  final")
	if n := f.Int("select count(*) from costs where sends = 1"); n != 1 {
		t.Errorf("%d costs", n)
	}
}

// A queue hands a job to one worker, and after a takeover to two; here it is everybody's at the same moment.
func TestManyWorkersOfOneMessageCallTwiceAtMost(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]sms.Outcome{"taken": awaited, "silent": silent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "a", "b", "c")
			for _, provider := range f.carriers.route {
				f.carriers.script[provider] = []sms.Outcome{outcome}
			}
			start := make(chan struct{})
			var all sync.WaitGroup
			for range 12 {
				all.Go(func() {
					<-start
					for range 3 {
						_ = f.messages.Deliver(t.Context(), f.challenge, 1)
					}
				})
			}
			close(start)
			all.Wait()
			if n := len(f.carriers.calls); n < 1 || n > 2 {
				t.Errorf("the providers were called %d times: %v", n, f.carriers.calls)
			}
			if stands := f.stands(); !slices.Contains([]string{"accepted ", "unsure no_answer final"}, stands) ||
				(name == "taken") != (stands == "accepted ") {
				t.Errorf("the message stands at %q", stands)
			}
		})
	}
}

// Between the look and the note of the call everything may happen: the note is made of what is true by then.
func TestAFirstCallIsNotMadeOfWhatIsOver(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"used": "update challenges set ended_at = now(), outcome = 'verified', code_ct = null",
		"late": "update challenges set expires_at = now() + interval '19 seconds'",
		"resent": `update challenges set sends_asked = 2;
			insert into messages (challenge_id, send_no) select id, 2 from challenges`,
		"failed": "update messages set state = 'failed', reason = 'ours', final = true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "a")
			// It waits for its turn while this happens.
			turn := time.Now().Add(time.Second).Truncate(time.Microsecond)
			f.Exec("insert into providers (name, next_turn_at) values ('a', $1)", turn)
			done := make(chan error, 1)
			go func() { done <- f.messages.Deliver(t.Context(), f.challenge, 1) }()
			for f.Int("select count(*) from providers where next_turn_at > $1", turn) == 0 {
				time.Sleep(time.Millisecond)
			}
			f.Exec(sql)
			if err := <-done; err == nil {
				t.Error("the job is done")
			}
			f.called()
		})
	}
}
