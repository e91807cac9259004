package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// codes is how many log-ins wait for their code to be asked for: each asks once. See data.sql.
const codes = 9000

// asks is the act of asking for the code of a log-in: what a right password leads to, without the hash before it.
func asks(w *world) act {
	return func(c *client, i int) bool {
		user := 1 + i%codes
		if user%10 == 9 { // of an office that demands no second factor
			user = 1 + (i+1)%codes
		}
		a, err := c.do(request(http.MethodPost, w.node.host(), paths.LoginSend, nil,
			"Cookie", "nightlatch="+token("send", user), "Sec-Fetch-Site", "same-origin"))
		return err == nil && a.status == http.StatusSeeOther
	}
}

// sent asks for codes at a rate for d, and returns how long each took from its message being queued to the provider.
func (b *bench) sent(w *world, d time.Duration, perSecond float64) []time.Duration {
	began := time.Now()
	o := open(w.node.addr, connections, d, perSecond, &w.asked, asks(w))
	if o.failed > 0 {
		b.t.Fatalf("%s: %d of %d codes were not sent", w.name, o.failed, o.done+o.failed)
	}
	w.settled()
	return b.took(w, began, "sign_in")
}

// took is how long the messages of a purpose that were queued since then took to the provider.
func (b *bench) took(w *world, since time.Time, purpose string) (took []time.Duration) {
	rows, err := w.Pool.Query(context.Background(), `select c.ref, m.queued_at from messages m
		join challenges c on c.id = m.challenge_id where m.queued_at >= $1 and c.purpose = $2`, since, purpose)
	if err != nil {
		b.t.Fatal(err)
	}
	arrived := map[string]time.Time{}
	for ref, calls := range b.provider.calls() {
		ref, _, _ = strings.Cut(ref, ".")
		arrived[ref] = calls[0].At
	}
	var ref string
	var queued time.Time
	_, err = pgx.ForEachRow(rows, []any{&ref, &queued}, func() error {
		if at, ok := arrived[ref]; ok {
			took = append(took, at.Sub(queued))
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return took
}

// measureCodes measures the way of a code from the queue to the provider.
func measureCodes(b *bench) []result {
	d := 20 * time.Second
	if b.short {
		d = 4 * time.Second
	}
	small, big := b.world(smallName), b.world(bigName)
	n, slice := b.times()
	s := b.rounds("growth", n, slice, b.checks("few", small, b.sessions(small, small.data.sessions)),
		b.checks("many", big, b.sessions(big, big.data.sessions)))
	b.mustServe(s, "few", "many")
	took, waiting := b.sent(small, d, 10), b.sent(big, d, 10)
	middle := millis(percentile(took, 0.5))
	return []result{{id: "G10", conditions: []condition{
		atMost("CPU of a check", s.ratio("many", "few", cpuOf), 1.15, " ×"),
		atMost("p50 of a code", one(millis(percentile(waiting, 0.5))/middle), 1.25, " ×"),
	}}, {id: "G8", conditions: []condition{
		atMost("p50", one(middle), 6, " ms"),
		atMost("p99", one(millis(percentile(took, 0.99))), 20, " ms"),
		atMost("p99 with 100 000 waiting elsewhere", one(millis(percentile(waiting, 0.99))), 30, " ms"),
	}}}
}
