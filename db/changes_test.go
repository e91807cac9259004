package db

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever happens in whatever order, what is said to hold was read after the last change of what it is about,
// and after
// everything was forgotten, and the database was heard within a second: judged by a list of all that happened, which
// forgets nothing.
func TestNothingHoldsThatWasReadBeforeAChange(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		walk(t, rand.New(rand.NewPCG(seed, 10)))
	}
}

// read is what was read at a moment.
type read struct {
	mark  Mark
	at    time.Time
	after int // events that had happened
	about [4]Change
}

func walk(t *testing.T, random *rand.Rand) {
	t.Helper()
	now := time.Unix(1e9, 0)
	c := NewChanges(func() time.Time { return now })
	var heard time.Time
	last, forgotten, events, held := map[Change]int{}, 0, 0, 0
	var reads []read
	one := func() Change { return Change{Scope(1 + random.IntN(4)), int64(random.IntN(3))} }
	for range 400 {
		now = now.Add(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
		if random.IntN(50) == 0 {
			now = now.Add(MemoryAge / 2)
		}
		switch random.IntN(6) {
		case 0:
			change := one()
			c.Tell(change)
			events++
			last[change] = events
		case 1:
			if random.IntN(10) == 0 {
				c.Forget()
				events++
				forgotten = events
			}
		case 2, 3:
			c.Hear(now)
			heard = now
		default:
			reads = append(reads, read{c.Mark(), now, events, [4]Change{one(), one(), one(), one()}})
		}
		for _, r := range reads {
			if now.Sub(r.at) > MemoryAge {
				continue // nobody asks: it is too old by itself
			}
			want := now.Sub(heard) <= deafAfter && r.after >= forgotten
			for _, about := range r.about {
				want = want && r.after >= last[about]
			}
			if got := c.Hold(r.mark, r.about[:]...); got && !want {
				t.Fatalf("what was read after event %d holds, heard %s ago, forgotten at %d", r.after, now.Sub(heard), forgotten)
			} else if got {
				held++
			}
		}
	}
	if held == 0 {
		t.Error("nothing holds at all")
	}
}
