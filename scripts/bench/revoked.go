package main

import (
	"net/http"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// refused reports whether the check of a session let nobody in.
func refused(a answer) bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.location == paths.Login
}

// revoking ends sessions on one node, and asks for them there and on another.
type revoking struct {
	b           *bench
	w           *world
	here, there *client
	last        int // the session that was ended last; they go down, and no other goal asks for them
	stale       int // let in on the same node after their end
}

// measureRevoked measures how long a session that was ended on one node is let in there, and on another.
func measureRevoked(b *bench) []result {
	w := b.world(smallName)
	other := b.node("other", w.Env, "--only", "web")
	defer b.stop(other)
	tries, cuts := 300, 20
	if b.short {
		tries, cuts = 30, 5
	}
	r := &revoking{b: b, w: w, here: &client{addr: w.node.addr, keep: true}, there: &client{addr: other.addr, keep: true},
		last: w.data.sessions + 1}
	defer r.here.close()
	defer r.there.close()
	var took, cut []time.Duration
	for range tries {
		took = append(took, r.end(func() {}))
	}
	for range cuts {
		cut = append(cut, r.end(func() { w.Terminate("application_name = 'nightlatch changes'") }))
	}
	return []result{{id: "G12", conditions: []condition{
		atMost("let in on the same node", one(float64(r.stale)), 0, ""),
		atMost("elsewhere p99", one(millis(percentile(took, 0.99))), 250, " ms"),
		atMost("at most", one(millis(percentile(took, 1))), 1000, " ms"),
		atMost("with the listener cut at most", one(millis(percentile(cut, 1))), 1000, " ms"),
	}}}
}

// end ends a session that both nodes know, just after fault, and returns how long the other node lets it in.
func (r *revoking) end(fault func()) time.Duration {
	r.last--
	asked := r.b.checkOf(r.w, r.last)
	if r.b.ask(r.here, asked) || r.b.ask(r.there, asked) {
		r.b.t.Fatalf("session %d is refused before its log-out", r.last)
	}
	fault()
	_, err := r.here.do(request(http.MethodPost, r.w.node.host(), paths.Logout, nil,
		"Cookie", "nightlatch="+token("full", r.last), "Sec-Fetch-Site", "same-origin"))
	if err != nil {
		r.b.t.Fatal(err)
	}
	ended := time.Now()
	if !r.b.ask(r.here, asked) {
		r.stale++
	}
	for !r.b.ask(r.there, asked) && time.Since(ended) < 5*time.Second {
		time.Sleep(time.Millisecond)
	}
	return time.Since(ended)
}

// ask reports whether the check refuses.
func (b *bench) ask(c *client, asked []byte) bool {
	a, err := c.do(asked)
	if err != nil {
		b.t.Fatal(err)
	}
	return refused(a)
}
