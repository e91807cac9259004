package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// condition is one figure of a goal.
type condition struct {
	what  string
	value spread
	bound float64
	least bool // the bound is the least; else it is the most
	unit  string
}

// atLeast is a figure that should be as great as its bound.
func atLeast(what string, value spread, bound float64, unit string) condition {
	return condition{what, value, bound, true, unit}
}

// atMost is a figure that should be no greater than its bound.
func atMost(what string, value spread, bound float64, unit string) condition {
	return condition{what, value, bound, false, unit}
}

// one is a figure that was measured once.
func one(v float64) spread { return spread{v, v, v} }

// most is how far a goal is reached where nothing at all is allowed, and nothing was.
const most = 999.0

// reached is how far the goal is reached: 1 is just, more is better.
func (c condition) reached() float64 {
	above, below := c.value.median, c.bound
	if !c.least {
		above, below = below, above
	}
	switch {
	case math.IsNaN(above) || math.IsNaN(below):
		return 0 // nothing was measured
	case above == below:
		return 1
	case below <= 0:
		return most
	}
	return min(above/below, most)
}

func (c condition) String() string {
	sign := "≤"
	if c.least {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s%s (%s %s)", c.what, c.value, c.unit, sign, digits(c.bound))
}

// result is what became of one goal.
type result struct {
	id         string
	conditions []condition
	remark     string
	why        string // it was not measured here
}

// ratio is the worst of the conditions.
func (r result) ratio() float64 {
	worst := most
	for _, c := range r.conditions {
		worst = min(worst, c.reached())
	}
	return worst
}

func (r result) measured() string {
	if r.why != "" {
		return "not measured here: " + r.why
	}
	var words []string
	for _, c := range r.conditions {
		words = append(words, c.String())
	}
	if r.remark != "" {
		words = append(words, r.remark)
	}
	return strings.Join(words, "; ")
}

func (r result) outcome() string {
	switch {
	case r.why != "" || len(r.conditions) == 0:
		return "–"
	case r.ratio() >= 1:
		return "pass"
	}
	return "fail"
}

// merged makes the parts of a goal that were measured apart one.
func merged(parts []result) (all []result) {
	for _, p := range parts {
		i := slices.IndexFunc(all, func(r result) bool { return r.id == p.id })
		if i < 0 {
			all = append(all, p)
			continue
		}
		all[i].conditions = append(all[i].conditions, p.conditions...)
		all[i].remark = strings.TrimPrefix(all[i].remark+"; "+p.remark, "; ")
		all[i].remark = strings.TrimSuffix(all[i].remark, "; ")
	}
	return all
}

// goal is one of performance.md's, and what measures it: several may be measured in the same rounds.
type goal struct {
	ids     []string
	measure func(b *bench) []result
}

// goals are all of them, in the order in which they are measured: what leaves rows behind comes late.
func goals() []goal {
	return []goal{
		{[]string{"G1", "G2", "G5", "G16"}, measureChecks},
		{[]string{"G4"}, measureLogIns},
		{[]string{"G3", "G16"}, measureBusy},
		{[]string{"G8", "G10"}, measureCodes},
		{[]string{"G17"}, measurePages},
		{[]string{"G14"}, measureWeight},
		{[]string{"G2", "G7", "G15"}, measureStatements},
		{[]string{"G6", "G7"}, measureDelivery},
		{[]string{"G11"}, measureIdle},
		{[]string{"G12"}, measureRevoked},
		{[]string{"G9"}, measureOthers},
		{[]string{"G13"}, measureMonday},
		{[]string{"G18"}, measureKill},
	}
}

// names are the goals in words, as performance.md has them.
func names() map[string]string {
	return map[string]string{
		"G1": "session check, hits", "G2": "session check, misses", "G3": "checks during 50 log-ins",
		"G4": "log-ins", "G5": "flag fragment", "G6": "delivery work", "G7": "live insert and send",
		"G8": "log-in to provider", "G9": "the provider's rate used up", "G10": "growth", "G11": "idle",
		"G12": "a revoked session", "G13": "Monday, 500 users in 60 s", "G14": "page weight, Lighthouse",
		"G15": "statements of a log-in", "G16": "beside oauth2-proxy", "G17": "slow pages", "G18": "after a SIGKILL",
	}
}
