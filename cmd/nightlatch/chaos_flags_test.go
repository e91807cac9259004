package main

import (
	"flag"
	"maps"
	"slices"
	"time"
)

var (
	chaosFor  = flag.Duration("chaos.for", 0, "how long the random faults go on; 0 is the short run of make test")
	chaosSeed = flag.Uint64("chaos.seed", 0, "what the random faults are drawn from; 0 draws a seed in a long run, and is a fixed one in the short")
)

const (
	shortChaos = 25 * time.Second
	shortSeed  = 20261
)

// long reports whether this is make chaos: the tests then take the time that the faults really take.
func long() bool { return *chaosFor > 0 }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
