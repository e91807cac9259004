package program_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// Behind a pooler in transaction mode no connection can listen. The other half of the test shows that the question
// put to the server finds a listener where there is one. The site's own connection is another matter: it listens for
// changes past a pooler, see DATABASE_LISTEN_URL.
func TestAWorkerThatOnlyPollsSendsACode(t *testing.T) {
	t.Parallel()
	for value, listens := range map[string]bool{"true": false, "false": true} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			in := program.Install(t)
			in.User("jdoe", "user", program.ItsNumber)
			// A listener pings after a while, and its last statement is another one then: it is looked for from the start.
			var listened atomic.Bool
			looking, stop := context.WithCancel(t.Context())
			var look sync.WaitGroup
			look.Go(func() {
				for looking.Err() == nil {
					var listens bool
					err := in.Pool.QueryRow(looking, "select exists (select from pg_stat_activity where datname = "+
						"current_database() and query ilike 'listen %' and application_name <> 'nightlatch changes')").Scan(&listens)
					if err == nil && listens {
						listened.Store(true)
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
			n := program.Spawn(t, program.With(in.Env, "NIGHTLATCH_POLL_ONLY", value))
			b := program.NewBrowser(t, n.URL)
			b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
			in.Texts(1, 10*time.Second)
			b.Enters(in.TheCode()).On("/settings/me")
			stop()
			look.Wait()
			if listened.Load() != listens {
				t.Errorf("a connection listened: %t", listened.Load())
			}
		})
	}
	in := program.Install(t)
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_POLL_ONLY", "perhaps"), "", []string{"serve"},
		"NIGHTLATCH_POLL_ONLY")
}
