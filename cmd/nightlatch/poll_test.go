package main

import (
	"context"
	"strings"
	"testing"
	"time"
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
			n := serving(t, with(in.env, "NIGHTLATCH_POLL_ONLY", value))
			b := newBrowser(t, n.url)
			b.logIn("ACME", "jdoe", password).on("/login/code")
			in.texts(1, 10*time.Second)
			b.enters(in.theCode()).on("/settings/me")
			isListening := func() bool {
				var any bool
				err := in.pool.QueryRow(context.Background(),
					"select exists (select from pg_stat_activity where datname = current_database() and query ilike 'listen %')").Scan(&any)
				if err != nil {
					t.Fatal(err)
				}
				return any
			}
			if listens {
				eventually(t, 10*time.Second, "a connection listens", isListening)
			} else if isListening() {
				t.Error("a connection listens")
			}
		})
	}
	if _, err := readConfig(environment(map[string]string{"NIGHTLATCH_POLL_ONLY": "perhaps"})); err == nil || !strings.Contains(err.Error(), "NIGHTLATCH_POLL_ONLY") {
		t.Errorf("NIGHTLATCH_POLL_ONLY=perhaps: %v", err)
	}
}
