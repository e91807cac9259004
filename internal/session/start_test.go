package session

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/factor"
)

func TestTheOldestSessionEndsWhenThereAreTooMany(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	living := func(where string) int {
		t.Helper()
		return f.Int("select count(*) from sessions where ended_at is null and " + where)
	}
	first := f.start(false)
	var all sync.WaitGroup
	for range MaxLiving + 4 {
		all.Go(func() { f.start(false) })
	}
	all.Wait()
	if n := living("true"); n != MaxLiving {
		t.Errorf("%d sessions live", n)
	}
	if _, err := f.store.Load(t.Context(), first); err == nil {
		t.Error("the oldest lives")
	}
	if n := f.Int("select count(*) from audit_events where action = 'session_displaced'"); n != 5 {
		t.Errorf("%d were written down", n)
	}

	// Whoever knows the password alone ends nobody's session of two factors.
	f.Exec("update offices set two_factor_required = true")
	f.Exec("update sessions set level = 2, second_factor_at = now()")
	var newest Token
	for range MaxLiving + 5 {
		newest = f.start(true)
	}
	if full, pending := living("level = 2"), living("level = 1"); full != MaxLiving || pending != MaxLiving {
		t.Errorf("%d sessions and %d pending log-ins live", full, pending)
	}
	// The second step makes one more session: the oldest of those makes room.
	sess, err := f.store.Load(t.Context(), newest)
	if err != nil {
		t.Fatal(err)
	}
	f.inTx(func(tx pgx.Tx) (err error) {
		newest, err = f.store.Raise(t.Context(), tx, sess, factor.SMS)
		return err
	})
	if _, err := f.store.Load(t.Context(), newest); err != nil || living("level = 2") != MaxLiving {
		t.Errorf("after the second step %d sessions live: %v", living("level = 2"), err)
	}
}
