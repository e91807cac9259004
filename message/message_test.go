package message

import (
	"testing"
	"time"
)

func TestWhatStepOneDecides(t *testing.T) {
	now := time.Now()
	live := state{now: now, expires: now.Add(4 * time.Minute), newest: true}
	with := func(change func(*state)) state { s := live; change(&s); return s }
	for name, c := range map[string]struct {
		s    state
		want verdict
	}{
		"a live challenge":            {live, goAhead},
		"one call nobody knows":       {with(func(s *state) { s.mayHaveSent = 1 }), goAhead},
		"two calls nobody knows":      {with(func(s *state) { s.mayHaveSent = 2 }), unsure},
		"sent":                        {with(func(s *state) { s.sent, s.mayHaveSent = true, 1 }), done},
		"the last state":              {with(func(s *state) { s.final = true }), done},
		"used, replaced or abandoned": {with(func(s *state) { s.over = true }), over},
		"exactly 20 s left":           {with(func(s *state) { s.expires = now.Add(20 * time.Second) }), goAhead},
		"under 20 s left":             {with(func(s *state) { s.expires = now.Add(20*time.Second - time.Millisecond) }), tooLate},
		"at its end":                  {with(func(s *state) { s.expires = now }), expired},
		"asked for again":             {with(func(s *state) { s.newest = false }), replaced},
		"used, and expired":           {with(func(s *state) { s.over, s.expires = true, now }), over},
	} {
		if got := decide(c.s); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
