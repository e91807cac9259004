package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// mostForeign is the part of the processors that others may use in a round that counts.
	mostForeign = 0.15
	// fewest is how many quiet rounds are worth more than all of them.
	fewest = 3
)

// sample is what one slice measured.
type sample struct {
	rate    float64 // acts a second
	cpu     float64 // µs an act, of the processes that serve it
	took    []time.Duration
	failed  int
	foreign float64 // the part of the processors that others used
}

// round is a slice of each target, by its name.
type round map[string]sample

// foreign is what others used in the whole round.
func (r round) foreign() float64 {
	sum := 0.0
	for _, s := range r {
		sum += s.foreign
	}
	return sum / float64(max(1, len(r)))
}

// series is all rounds of some targets. With fewer than three quiet ones it is loud, and all of them count.
type series struct {
	rounds  []round
	dropped int
	loud    bool
}

// settle drops the rounds in which others used the processors.
func settle(all []round) series {
	quiet := slices.DeleteFunc(slices.Clone(all), func(r round) bool { return r.foreign() > mostForeign })
	if len(quiet) < min(fewest, len(all)) {
		return series{rounds: all, loud: true}
	}
	return series{rounds: quiet, dropped: len(all) - len(quiet)}
}

// spread is the median of some values, with the least and the greatest.
type spread struct{ median, least, most float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	median := sorted[half]
	if len(sorted)%2 == 0 {
		median = (sorted[half-1] + sorted[half]) / 2
	}
	return spread{median, sorted[0], sorted[len(sorted)-1]}
}

func (s spread) String() string {
	if s.least == s.most || math.IsNaN(s.median) {
		return digits(s.median)
	}
	return fmt.Sprintf("%s [%s–%s]", digits(s.median), digits(s.least), digits(s.most))
}

// digits writes a number with three digits that count.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case a >= 100 || a == 0:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func rateOf(s sample) float64 { return s.rate }
func cpuOf(s sample) float64  { return s.cpu }

// of is a value of one target over the rounds.
func (s series) of(name string, value func(sample) float64) spread {
	var values []float64
	for _, r := range s.rounds {
		values = append(values, value(r[name]))
	}
	return spreadOf(values)
}

// ratio is a value of one target to that of another, round by round: what makes a round slow makes both slow.
func (s series) ratio(name, to string, value func(sample) float64) spread {
	var values []float64
	for _, r := range s.rounds {
		if below := value(r[to]); below > 0 {
			values = append(values, value(r[name])/below)
		}
	}
	return spreadOf(values)
}

// late is a percentile of a target's times in milliseconds, round by round.
func (s series) late(name string, part float64) spread {
	return s.of(name, func(one sample) float64 { return millis(percentile(one.took, part)) })
}

// failures is how many acts of a target failed.
func (s series) failures(name string) (n int) {
	for _, r := range s.rounds {
		n += r[name].failed
	}
	return n
}

// percentile is the time that this part of all were no longer than, 0 for none at all.
func percentile(took []time.Duration, part float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(took), cmp.Compare[time.Duration])
	at := int(math.Ceil(part*float64(len(sorted)))) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
