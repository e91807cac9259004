package account

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// line lets a lane wait, and reports when it stands in the queue; the order of turns is written to got.
type line struct {
	t     *testing.T
	turns *turns
	done  chan string
}

func (l line) wait(name string, in lane) {
	l.t.Helper()
	before := l.length()
	go func() {
		done, err := l.turns.take(context.Background(), in)
		if errors.Is(err, ErrBusy) {
			name = "busy " + name
		} else if err != nil {
			name = err.Error()
		}
		l.done <- name
		if done != nil {
			done()
		}
	}()
	for until := time.Now().Add(5 * time.Second); l.length() == before && time.Now().Before(until); {
		if in.owner || before < maxWaiting {
			time.Sleep(50 * time.Microsecond)
			continue
		}
		return
	}
}

func (l line) length() int {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	return l.turns.waiting + len(l.turns.owners)
}

func TestAnOwnerStandsBehindNoStranger(t *testing.T) {
	t.Parallel()
	l := line{t, newTurns(1), make(chan string, 200)}
	release, err := l.turns.take(t.Context(), lane{network: "flood"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxWaiting {
		l.wait(fmt.Sprint("flood ", i), lane{network: "flood"})
	}
	l.wait("owner", owners())
	l.wait("other", lane{network: "other"})
	// The flood's newest made room for somebody of another network.
	if got := <-l.done; got != fmt.Sprint("busy flood ", maxWaiting-1) {
		t.Errorf("%s is sent away", got)
	}
	release()
	for i, want := range []string{"owner", "flood 0", "other", "flood 1", "flood 2"} {
		if got := <-l.done; got != want {
			t.Errorf("turn %d is %s's, not %s's", i+1, got, want)
		}
	}
}

func TestATurnOfWhoLeftGoesOn(t *testing.T) {
	t.Parallel()
	turns := newTurns(1)
	release, err := turns.take(t.Context(), owners())
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []lane{owners(), {network: "one"}, {network: "two"}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, err := turns.take(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v: %v", in, err)
		}
		cancel()
	}
	release()
	if done, err := turns.take(t.Context(), lane{network: "one"}); err != nil {
		t.Error(err)
	} else {
		done()
	}
	if turns.waiting != 0 || len(turns.owners) != 0 || len(turns.order) != 0 || turns.free != 1 {
		t.Errorf("%+v", turns)
	}
}
