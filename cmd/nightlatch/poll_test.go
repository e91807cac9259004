package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// Behind a pooler in transaction mode no connection can listen. The other half of the test shows that the question
// put to the server finds a listener where there is one.
func TestAWorkerThatOnlyPollsSendsACode(t *testing.T) {
	t.Parallel()
	for value, listens := range map[string]bool{"true": false, "false": true} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			in := install(t)
			in.user("jdoe", "user", itsNumber)
			// A listener pings after a while, and its last statement is another one then: it is looked for from the start.
			var listened atomic.Bool
			looking, stop := context.WithCancel(t.Context())
			var look sync.WaitGroup
			look.Go(func() {
				for looking.Err() == nil {
					var any bool
					err := in.pool.QueryRow(looking, "select exists (select from pg_stat_activity where datname = current_database() and query ilike 'listen %')").Scan(&any)
					if err == nil && any {
						listened.Store(true)
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
			n := serving(t, with(in.env, "NIGHTLATCH_POLL_ONLY", value))
			b := newBrowser(t, n.url)
			b.logIn("ACME", "jdoe", password).on("/login/code")
			in.texts(1, 10*time.Second)
			b.enters(in.theCode()).on("/settings/me")
			stop()
			look.Wait()
			if listened.Load() != listens {
				t.Errorf("a connection listened: %t", listened.Load())
			}
		})
	}
	if _, err := readConfig(sms.Providers(), environment(map[string]string{"NIGHTLATCH_POLL_ONLY": "perhaps"})); err == nil || !strings.Contains(err.Error(), "NIGHTLATCH_POLL_ONLY") {
		t.Errorf("NIGHTLATCH_POLL_ONLY=perhaps: %v", err)
	}
}
