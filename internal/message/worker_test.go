package message_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// workers is a database with jobs under way, by whom and where, and the seconds that workers have been silent.
func workers(t *testing.T, silent map[string]int) *fixture {
	t.Helper()
	f := newFixture(t, "a")
	for id, seconds := range silent {
		f.Exec("insert into workers (id, beat_at) values ($1, now() - $2 * interval '1 second')", id, seconds)
	}
	return f
}

func (f *fixture) job(worker, queue, state string) int64 {
	f.t.Helper()
	return f.ID(`insert into river_job (kind, args, queue, state, attempt, attempted_at, attempted_by, max_attempts,
			finalized_at)
		values ('send_code', '{}', $2, $3::river_job_state, 1, now(), array['somebody before', $1], 100,
			case when $3 = 'completed' then now() end)
		returning id`, worker, queue, state)
}

func (f *fixture) beats(worker string) int {
	f.t.Helper()
	taken, err := f.messages.Beat(f.t.Context(), worker, "sms_login", "sms_other")
	if err != nil {
		f.t.Fatal(err)
	}
	return taken
}

func TestWhatADeadWorkerHadUnderWayIsTakenOver(t *testing.T) {
	t.Parallel()
	f := workers(t, map[string]int{"living": 1, "dead": 7, "slow": 5})
	taken := f.job("dead", "sms_login", "running")
	other := f.job("dead", "sms_other", "running")
	f.job("dead", "mail", "running")
	f.job("dead", "sms_login", "completed")
	f.job("dead", "sms_login", "retryable")
	f.job("slow", "sms_login", "running")
	f.job("living", "sms_login", "running")
	f.job("of an older release", "sms_login", "running")
	cancelled := f.job("dead", "sms_login", "running")
	f.Exec(`update river_job set metadata = '{"cancel_attempted_at": "2026-01-01T00:00:00Z"}' where id = $1`, cancelled)
	if n := f.beats("living"); n != 2 {
		t.Errorf("%d jobs were taken over", n)
	}
	if n := f.Int(`select count(*) from river_job where id = any ($1) and state = 'available' and scheduled_at <= now()
		and errors[1] ->> 'error' = 'the worker died'`, []int64{taken, other}); n != 2 {
		t.Errorf("%d of them may be worked again", n)
	}
	if n := f.beats("living"); n != 0 {
		t.Errorf("%d jobs were taken over twice", n)
	}
}

// After an outage of the database all have been silent: whoever is back first leaves the others the time of a beat.
func TestWhoeverWasSilentItselfTakesNothing(t *testing.T) {
	t.Parallel()
	f := workers(t, map[string]int{"first": 30, "second": 30})
	f.job("second", "sms_login", "running")
	own := f.job("first", "sms_login", "running")
	if n := f.beats("first") + f.beats("new"); n != 0 {
		t.Errorf("%d jobs were taken over at once", n)
	}
	f.beats("second")
	if n := f.beats("first") + f.beats("new"); n != 0 {
		t.Errorf("%d jobs of the living were taken over", n)
	}
	f.Exec("update workers set beat_at = now() - interval '7 seconds' where id = 'second'")
	if n := f.beats("first"); n != 1 {
		t.Errorf("%d jobs of the dead were taken over", n)
	}
	if state := f.Text("select state::text from river_job where id = $1", own); state != "running" {
		t.Errorf("its own job is %s", state)
	}
}

func TestManyTakersTakeOnce(t *testing.T) {
	t.Parallel()
	silent := map[string]int{"dead": 7}
	takers := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for _, id := range takers {
		silent[id] = 1
	}
	f := workers(t, silent)
	for range 20 {
		f.job("dead", "sms_login", "running")
	}
	var taken atomic.Int64
	var all sync.WaitGroup
	for _, id := range takers {
		all.Go(func() {
			n, err := f.messages.Beat(t.Context(), id, "sms_login")
			if err != nil {
				t.Error(err)
			}
			taken.Add(int64(n))
		})
	}
	all.Wait()
	if taken.Load() != 20 || f.Int("select max(array_length(errors, 1)) from river_job") != 1 {
		t.Errorf("20 jobs were taken over %d times", taken.Load())
	}
}

// A worker that counts as dead and is only slow: another has called and nobody knew, and then it comes back.
func TestWhoComesBackSaysWhatBecameOfItsCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.carriers.script["a"] = []sms.Outcome{awaited}
	f.carriers.during = func() {
		f.carriers.during = nil
		f.Exec(`update messages set state = 'unsure', reason = 'no_answer', final = true`)
		f.Exec(`update sends set state = 'unknown', class = 'unknown', status = 'interrupted'`)
	}
	if err := f.work(1); err != nil {
		t.Fatal(err)
	}
	f.is("accepted ")
	f.Exec(`update messages set state = 'failed', reason = 'expired', final = true`)
	f.receipt("a", "id-1", sms.Delivered)
	f.is("failed expired final")
}

func TestDeadWorkersAreForgotten(t *testing.T) {
	t.Parallel()
	f := workers(t, map[string]int{"living": 1, "dead": 600, "long dead": 3700})
	if err := f.messages.Upkeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := f.Text("select string_agg(id, ', ' order by id) from workers"); left != "dead, living" {
		t.Errorf("left are %s", left)
	}
}
