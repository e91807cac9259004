package main

import (
	"time"
)

// measureKill kills a worker in the middle of its sends, and measures how long its codes take to be out again.
func measureKill(b *bench) []result {
	if b.short {
		return []result{{id: "G18", why: "it takes up to a minute; make bench has it"}}
	}
	const slow = 2 * time.Second
	w := b.world(smallName)
	w.settled()
	b.provider.slow(slow)
	defer b.provider.slow(0)
	worker := b.node("worker", w.Env, "--only", "work")
	began := time.Now()
	open(w.node.addr, connections, slow/2, 50, &w.asked, asks(w))
	time.Sleep(slow / 4)
	killed := time.Now()
	_ = worker.cmd.Process.Kill()
	b.stop(worker)
	w.settled()
	var took []time.Duration
	for _, calls := range b.provider.calls() {
		if len(calls) > 1 && calls[0].At.After(began) {
			took = append(took, calls[1].At.Sub(killed))
		}
	}
	if len(took) == 0 {
		return []result{{id: "G18", why: "the worker that was killed had nothing under way"}}
	}
	return []result{{id: "G18", conditions: []condition{
		atMost("out again p99", one(percentile(took, 0.99).Seconds()), 15, " s"),
	}, remark: digits(float64(len(took))) + " codes were under way"}}
}
