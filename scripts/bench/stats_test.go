package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// rounds makes rounds of two targets, with what others used in each.
func rounds(foreign ...float64) (all []round) {
	for i, f := range foreign {
		n := float64(i + 1)
		all = append(all, round{
			"ours": {rate: 50 * n, cpu: 40, foreign: f}, "echo": {rate: 100 * n, cpu: 20, foreign: f},
		})
	}
	return all
}

func TestASpreadIsTheMedianWithItsEnds(t *testing.T) {
	for _, row := range []struct {
		values []float64
		want   string
	}{
		{[]float64{3, 1, 2}, "2.00 [1.00–3.00]"},
		{[]float64{0.4, 0.1, 0.3, 0.2}, "0.250 [0.100–0.400]"},
		{[]float64{1234}, "1234"},
		{nil, "–"},
	} {
		if got := spreadOf(row.values).String(); got != row.want {
			t.Errorf("%v: %s, not %s", row.values, got, row.want)
		}
	}
}

// A machine that doubles its speed from round to round has the same ratio in each.
func TestARatioIsTakenRoundByRound(t *testing.T) {
	s := settle(rounds(0, 0, 0, 0))
	if got := s.ratio("ours", "echo", rateOf); got != (spread{0.5, 0.5, 0.5}) {
		t.Errorf("the ratio of rates is %v", got)
	}
	if got := s.ratio("ours", "echo", cpuOf); got != (spread{2, 2, 2}) {
		t.Errorf("the ratio of costs is %v", got)
	}
	if got := s.ratio("ours", "nobody", rateOf); !math.IsNaN(got.median) {
		t.Errorf("the ratio to nothing is %v", got)
	}
}

func TestRoundsAreDroppedInWhichOthersUsedTheProcessors(t *testing.T) {
	for _, row := range []struct {
		foreign       []float64
		kept, dropped int
		loud          bool
	}{
		{[]float64{0, 0.15, 0.1, 0.151, 0.9}, 3, 2, false},
		{[]float64{0, 0.1, 0.2, 0.3}, 4, 0, true}, // two quiet ones are too few
		{[]float64{0.01}, 1, 0, false},
		{[]float64{0.5}, 1, 0, true},
	} {
		s := settle(rounds(row.foreign...))
		if len(s.rounds) != row.kept || s.dropped != row.dropped || s.loud != row.loud {
			t.Errorf("%v: %d rounds, %d dropped, loud %v", row.foreign, len(s.rounds), s.dropped, s.loud)
		}
	}
}

func TestAPercentileIsOneOfTheTimes(t *testing.T) {
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	for part, want := range map[float64]time.Duration{0.5: 50, 0.95: 95, 0.99: 99, 1: 100, 0: 1} {
		if got := percentile(took, part); got != want*time.Millisecond {
			t.Errorf("percentile %v is %s", part, got)
		}
	}
	if percentile(nil, 0.5) != 0 {
		t.Error("nothing took a time")
	}
}

func TestArrivalsAreAsManyAsTheRateAsksAndInOrder(t *testing.T) {
	moments := poisson(100*time.Second, 100)
	if n := len(moments); n < 9_000 || n > 11_000 { // ten standard deviations
		t.Errorf("%d arrivals", n)
	}
	for i := 1; i < len(moments); i++ {
		if moments[i] < moments[i-1] {
			t.Fatal("an arrival before the one before it")
		}
	}
}

func TestAGoalIsReachedWhenEachOfItsFiguresIs(t *testing.T) {
	fast, slow := atLeast("rate", one(0.9), 0.6, ""), atMost("p99", one(30), 20, " ms")
	for _, row := range []struct {
		r       result
		outcome string
		words   string
	}{
		{result{id: "G1", conditions: []condition{fast}}, "pass", "rate 0.900 (≥ 0.600)"},
		{result{id: "G1", conditions: []condition{fast, slow}}, "fail", "rate 0.900 (≥ 0.600); p99 30.0 ms (≤ 20.0)"},
		{result{id: "G1", conditions: []condition{atMost("writes", one(0), 0, "")}}, "pass", "writes 0 (≤ 0)"},
		{result{id: "G1", conditions: []condition{atMost("writes", one(1), 0, "")}}, "fail", "writes 1.00 (≤ 0)"},
		{result{id: "G1", conditions: []condition{atLeast("rate", spreadOf(nil), 1, "")}}, "fail", "rate – (≥ 1.00)"},
		{result{id: "G1", why: "there is no browser"}, "–", "not measured here: there is no browser"},
	} {
		if row.r.outcome() != row.outcome || row.r.measured() != row.words {
			t.Errorf("%s, %q", row.r.outcome(), row.r.measured())
		}
	}
	text := (&bench{}).table([]result{{id: "G10"}, {id: "G2"}})
	if strings.Index(text, "| G2 ") > strings.Index(text, "| G10 ") {
		t.Errorf("the goals are in no order:\n%s", text)
	}
}

func TestWhatIsAskedOfTheDatabaseIsToldApart(t *testing.T) {
	all := []string{
		"-- name: OfficeLock :one\nselect id from offices for update", "-- name: LimitHold :one\nselect 1",
		"-- name: SessionTouch :exec\nupdate sessions set last_seen_at = now()", "select 1",
		"-- name: MessageInsert :exec\ninsert into messages (challenge_id) values ($1)",
		"with gone as (delete from enrolments) select 1", "-- name: PGNotifyMany :exec\nselect pg_notify()",
		"select has_update from deletes",
	}
	if got := writing(all); len(got) != 3 {
		t.Errorf("writes are %q", got)
	}
	if got := enqueuing(all); len(got) != 6 {
		t.Errorf("a message is queued by %q", got)
	}
}

func TestTheLinesOfAGoBenchmarkAreRead(t *testing.T) {
	got := goBenchmark([]byte("goos: linux\nBenchmarkDelivery/send-2  \t 2000\t 1200 ns/op\t 15.3 ×rate\nPASS\n"))
	if got["BenchmarkDelivery/send"]["×rate"] != 15.3 {
		t.Errorf("%v", got)
	}
}
