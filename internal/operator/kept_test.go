package operator

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhatIsKeptIsAskedForOnceALife: many who ask at once cause one question, an answer that is a little old is given
// while the next is asked for, a very old one is waited for, and a failure is not kept.
func TestWhatIsKeptIsAskedForOnceALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k kept[string, int32]
		var asked atomic.Int32
		var failure atomic.Pointer[error]
		ask := func(context.Context) (int32, error) {
			n := asked.Add(1)
			time.Sleep(time.Second)
			if err := failure.Load(); err != nil {
				return n, *err
			}
			return n, nil
		}
		want := func(what string, value, questions int32) {
			t.Helper()
			if got, err := k.get(t.Context(), "a", time.Minute, ask); got != value || err != nil {
				t.Errorf("%s: %d, %v, want %d", what, got, err, value)
			}
			if synctest.Wait(); asked.Load() != questions {
				t.Errorf("%s: %d questions, want %d", what, asked.Load(), questions)
			}
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _ = k.get(t.Context(), "a", time.Minute, ask) })
		}
		all.Wait()
		want("just asked", 1, 1)
		time.Sleep(time.Minute)
		want("a minute old: given, and asked anew", 1, 2)
		time.Sleep(2 * time.Second)
		want("the new one", 2, 2)
		time.Sleep(11 * time.Minute)
		want("too old: waited for", 3, 3)

		time.Sleep(11 * time.Minute)
		away := errors.New("the database is away")
		failure.Store(&away)
		if _, err := k.get(t.Context(), "a", time.Minute, ask); !errors.Is(err, away) {
			t.Errorf("a failure: %v", err)
		}
		failure.Store(nil)
		want("after a failure", 5, 5)

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := k.get(ctx, "b", time.Minute, ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who does not wait: %v", err)
		}
		time.Sleep(2 * time.Second) // the question goes on without them
		if got, err := k.get(t.Context(), "b", time.Minute, ask); got != 6 || err != nil {
			t.Errorf("what they did not wait for: %d, %v", got, err)
		}
	})
}
