package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// fill is how much there is in a database.
type fill struct {
	offices, users, sessions int
	waiting, finished        int // jobs
	events, messages         int
}

// The sizes of performance.md, and of the short form, which has less to wait for.
func small() fill { return fill{offices: 1000, users: 100_000, sessions: 100_000} }

func big() fill {
	f := small()
	f.sessions, f.waiting, f.finished, f.events, f.messages = 1_000_000, 100_000, 1_000_000, 1_000_000, 300_000
	return f
}

// guarded is the host of the application that the session check is asked for.
const guarded = "bench.example"

//go:embed data.sql
var dataSQL string

// fill makes the data by SQL, as the superuser, who may leave out the checks of every row.
func (b *bench) fill(w *world) {
	began := time.Now()
	w.User("pattern", "user", "") // whose password everybody has
	program.Succeeds(b.t, w.Env, "", "app", "create", "--name", "Bench", "--url", "https://"+guarded, "--offices", "all")
	f := w.data
	sizes := fmt.Sprintf(`select set_config('bench.offices', '%d', false), set_config('bench.users', '%d', false),
			set_config('bench.sessions', '%d', false), set_config('bench.waiting', '%d', false),
			set_config('bench.finished', '%d', false), set_config('bench.events', '%d', false),
			set_config('bench.messages', '%d', false);
		`, f.offices, f.users, f.sessions, f.waiting, f.finished, f.events, f.messages)
	b.admin(w.name, slices.Concat([]string{sizes}, strings.SplitAfter(dataSQL, ";\n"), []string{"vacuum (analyze)"})...)
	fmt.Fprintf(os.Stderr, "%s: filled in %s\n", w.name, time.Since(began).Round(100*time.Millisecond))
}

// token is the session token that data.sql made of a word and a number.
func token(word string, i int) string {
	raw := sha256.Sum256(fmt.Appendf(nil, "%s-%d", word, i))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// settled waits until nothing is under way in the queue of messages.
func (w *world) settled() {
	program.Eventually(w.T, time.Minute, "the queue is empty", func() bool {
		return w.Count("select count(*) from river_job where queue in ('sms_login', 'sms_other')"+
			" and state in ('available', 'running', 'retryable', 'scheduled')") == 0
	})
}

// tenth is the data of the short form.
func (f fill) tenth() fill {
	for _, n := range []*int{&f.users, &f.sessions, &f.waiting, &f.finished, &f.events, &f.messages} {
		*n /= 10
	}
	return f
}
