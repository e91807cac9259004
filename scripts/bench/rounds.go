package main

import (
	"fmt"
	"os"
	"time"
)

// target is something that is loaded for a slice of time.
type target struct {
	name string
	uses []string // the processes whose time is its cost
	run  func(d time.Duration) outcome
	// prime does what comes before a slice and is no part of it; nil for nothing.
	prime func()
}

// rounds loads the targets in turn, slice by slice, again and again.
func (b *bench) rounds(what string, n int, d time.Duration, targets ...target) series {
	for _, t := range targets {
		t.run(warm) // plans are made, connections opened
	}
	var all []round
	for i := range n {
		r := round{}
		for _, t := range targets {
			r[t.name] = b.slice(t, d)
		}
		all = append(all, r)
		fmt.Fprintf(os.Stderr, "%s: round %d of %d, %.0f %% foreign CPU\n", what, i+1, n, 100*r.foreign())
	}
	s := settle(all)
	b.note(what, s)
	return s
}

// warm is how long a target is loaded before anything counts.
const warm = 200 * time.Millisecond

// slice loads one target for d.
func (b *bench) slice(t target, d time.Duration) sample {
	if t.prime != nil {
		t.prime()
	}
	before := b.meter.read()
	o := t.run(d)
	after := b.meter.read()
	took := after.at.Sub(before.at).Seconds()
	used := after.since(before, t.uses...)
	return sample{
		rate: float64(o.done) / took, cpu: float64(used.Microseconds()) / float64(max(1, o.done)), took: o.took,
		failed: o.failed, foreign: after.foreign(before),
	}
}
