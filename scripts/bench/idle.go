package main

import (
	"net/http"
	"time"
)

// measureIdle measures a program that nobody asks anything.
func measureIdle(b *bench) []result {
	rest, settle := 20*time.Second, 3*time.Second
	if b.short {
		rest, settle = 3*time.Second, time.Second
	}
	node := b.node("idle", b.world(smallName).Env)
	defer b.stop(node)
	time.Sleep(settle)
	before := b.meter.read()
	time.Sleep(rest)
	after := b.meter.read()
	held, _ := memory(node.cmd.Process.Pid)
	part := 100 * after.since(before, node.name).Seconds() / after.at.Sub(before.at).Seconds()
	return []result{{id: "G11", conditions: []condition{
		atMost("memory", one(held), 45, " MB"), atMost("ready", one(millis(node.ready)), 500, " ms"),
		atMost("CPU", one(part), 1.5, " % of a core"),
	}}}
}

// refused reports whether the check of a session let nobody in.
func refused(a answer) bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.location == "/login"
}

// measureRevoked measures how long a session that was ended on one node is let in there, and on another.
func measureRevoked(b *bench) []result {
	w := b.world(smallName)
	other := b.node("other", w.Env, "--only", "web")
	defer b.stop(other)
	tries := 300
	if b.short {
		tries = 30
	}
	here, there := &client{addr: w.node.addr, keep: true}, &client{addr: other.addr, keep: true}
	defer here.close()
	defer there.close()
	stale := 0
	var took []time.Duration
	for i := range tries {
		// The last ones, which no other goal asks for.
		session := w.data.sessions - i
		asked := b.checkOf(w, session)
		if b.ask(here, asked) || b.ask(there, asked) {
			b.t.Fatalf("session %d is refused before its log-out", session)
		}
		_, err := here.do(request(http.MethodPost, w.node.host(), "/logout", nil,
			"Cookie", "nightlatch="+token("full", session), "Sec-Fetch-Site", "same-origin"))
		if err != nil {
			b.t.Fatal(err)
		}
		ended := time.Now()
		if !b.ask(here, asked) {
			stale++
		}
		for !b.ask(there, asked) && time.Since(ended) < 5*time.Second {
			time.Sleep(time.Millisecond)
		}
		took = append(took, time.Since(ended))
	}
	return []result{{id: "G12", conditions: []condition{
		atMost("let in on the same node", one(float64(stale)), 0, ""),
		atMost("elsewhere p99", one(millis(percentile(took, 0.99))), 250, " ms"),
		atMost("elsewhere at most", one(millis(percentile(took, 1))), 1000, " ms"),
	}, remark: "with the listener cut it is asked by a test"}}
}

// ask reports whether the check refuses.
func (b *bench) ask(c *client, asked []byte) bool {
	a, err := c.do(asked)
	if err != nil {
		b.t.Fatal(err)
	}
	return refused(a)
}
