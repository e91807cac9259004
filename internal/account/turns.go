package account

import (
	"context"
	"slices"
	"sync"
)

// maxWaiting log-ins wait for the hash in each lane.
const maxWaiting = 100

// lane says who waits for the hash. Whoever comes in a browser or session that is the user's, or with a link that only
// they have, is never behind a stranger.
type lane struct {
	owner   bool
	network string // of a stranger
}

// owners is the lane of everything that is no stranger's log-in.
func owners() lane { return lane{owner: true} }

// turns gives out the hash's turns: to owners first, and then to one network of strangers after the other, so that a
// thousand forms from one are one place ahead of a form from another. Where too many strangers wait, the network with
// the most loses its newest.
type turns struct {
	mu        sync.Mutex
	free      int
	owners    []*waiter
	strangers map[string][]*waiter
	order     []string // the networks of strangers, the next in turn first
	waiting   int      // strangers
}

type waiter struct{ ready chan error }

func newTurns(n int) *turns { return &turns{free: n, strangers: map[string][]*waiter{}} }

// take waits for a turn; done gives it back. It returns ErrBusy when too many wait.
func (t *turns) take(ctx context.Context, in lane) (done func(), err error) {
	w := &waiter{ready: make(chan error, 1)}
	t.mu.Lock()
	switch {
	case t.free > 0:
		t.free--
		w.ready <- nil
	case in.owner && len(t.owners) >= maxWaiting:
		w.ready <- ErrBusy
	case in.owner:
		t.owners = append(t.owners, w)
	default:
		t.queue(w, in.network)
	}
	t.mu.Unlock()
	select {
	case err = <-w.ready:
	case <-ctx.Done():
		err = t.leave(ctx, w, in)
	}
	if err != nil {
		return nil, err
	}
	return t.pass, nil
}

func (t *turns) queue(w *waiter, network string) {
	if len(t.strangers[network]) == 0 {
		t.order = append(t.order, network)
	}
	t.strangers[network] = append(t.strangers[network], w)
	if t.waiting++; t.waiting <= maxWaiting {
		return
	}
	most := network
	for _, other := range t.order {
		if len(t.strangers[other]) > len(t.strangers[most]) {
			most = other
		}
	}
	newest := t.strangers[most][len(t.strangers[most])-1]
	t.remove(most, len(t.strangers[most])-1)
	newest.ready <- ErrBusy
}

// remove takes a stranger out of the queue.
func (t *turns) remove(network string, i int) {
	t.strangers[network] = slices.Delete(t.strangers[network], i, i+1)
	t.waiting--
	if len(t.strangers[network]) == 0 {
		delete(t.strangers, network)
		t.order = slices.DeleteFunc(t.order, func(other string) bool { return other == network })
	}
}

// pass gives a turn to the next in line.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case len(t.owners) > 0:
		t.owners[0].ready <- nil
		t.owners = t.owners[1:]
	case len(t.order) > 0:
		network := t.order[0]
		t.order = append(t.order[1:], network) // at the end of the round, unless nobody of it is left
		t.strangers[network][0].ready <- nil
		t.remove(network, 0)
	default:
		t.free++
	}
}

// leave is for a request that has ended: its place goes, and a turn that it was just given goes on.
func (t *turns) leave(ctx context.Context, w *waiter, in lane) error {
	t.mu.Lock()
	if i := slices.Index(t.owners, w); i >= 0 {
		t.owners = slices.Delete(t.owners, i, i+1)
	} else if i := slices.Index(t.strangers[in.network], w); i >= 0 {
		t.remove(in.network, i)
	}
	t.mu.Unlock()
	select {
	case err := <-w.ready:
		if err == nil {
			t.pass()
		}
	default:
	}
	return ctx.Err()
}
