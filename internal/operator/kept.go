package operator

import (
	"context"
	"sync"
	"time"
)

// kept remembers the answers to questions over very much data, which take the database long and whose readers do not
// mind that they are some seconds old. Many who ask at once wait for one answer. The zero value keeps nothing yet.
type kept[K comparable, V any] struct {
	mu  sync.Mutex
	all map[K]*answer[V]
}

type answer[V any] struct {
	value V
	at    time.Time     // when it was asked for; zero while there is none yet
	under chan struct{} // closed when the question under way is answered; nil when there is none
	err   error
}

// stale is how many lives old an answer may be that is given while the next is asked for.
const stale = 10

// asking is how long a question may take that nobody waits for.
const asking = 10 * time.Second

// get returns the answer to a question, at most life old; up to ten times that while it is asked anew. A failure is
// remembered by nobody.
func (k *kept[K, V]) get(
	ctx context.Context, question K, life time.Duration, ask func(context.Context) (V, error),
) (V, error) {
	k.mu.Lock()
	a, age := k.find(question)
	if age < life {
		defer k.mu.Unlock()
		return a.value, nil
	}
	if a.under == nil {
		a.under = make(chan struct{})
		go k.ask(context.WithoutCancel(ctx), a, ask)
	}
	if age < stale*life {
		defer k.mu.Unlock()
		return a.value, nil
	}
	under := a.under
	k.mu.Unlock()
	select {
	case <-under:
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return a.value, a.err
}

// find returns what is known of a question, and how old its answer is.
func (k *kept[K, V]) find(question K) (*answer[V], time.Duration) {
	if k.all == nil {
		k.all = map[K]*answer[V]{}
	}
	a := k.all[question]
	if a == nil {
		a = &answer[V]{}
		k.all[question] = a
	}
	if a.at.IsZero() {
		return a, 1<<63 - 1
	}
	return a, time.Since(a.at)
}

func (k *kept[K, V]) ask(ctx context.Context, a *answer[V], ask func(context.Context) (V, error)) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	at := time.Now()
	value, err := ask(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if a.err = err; err == nil {
		a.value, a.at = value, at
	}
	close(a.under)
	a.under = nil
}
