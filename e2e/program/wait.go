package program

import (
	"flag"
	"testing"
	"time"
)

// Eventually waits for a condition, and fails the test when it does not come true in time.
func Eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// What make chaos sets.
var (
	ChaosFor  = flag.Duration("chaos.for", 0, "how long the random faults go on; 0 is the short run of make test")
	ChaosSeed = flag.Uint64("chaos.seed", 0, "what the random faults are drawn from; 0 draws a seed in a long run, and "+
		"is a fixed one in the short")
)

// Long reports whether this is make chaos: the tests then take the time that the faults really take.
func Long() bool { return *ChaosFor > 0 }

// Bound is a time that is promised: kept to in a long run, which has the machine to itself, and three times as long
// where other tests and the race detector share it.
func Bound(d time.Duration) time.Duration {
	if Long() && !Raced {
		return d
	}
	return 3 * d
}
