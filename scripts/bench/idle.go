package main

import (
	"time"
)

// measureIdle measures a program that nobody asks anything.
func measureIdle(b *bench) []result {
	rest, settle := 10*time.Second, 3*time.Second
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
