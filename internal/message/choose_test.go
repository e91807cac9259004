package message

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

func TestWhatStepOneDecides(t *testing.T) {
	now := time.Now()
	live := state{now: now, expires: now.Add(4 * time.Minute), newest: true}
	with := func(change func(*state)) state { s := live; change(&s); return s }
	tried := func(d attempt) func(*state) { return func(s *state) { s.attempts = attempts{"a": d} } }
	for name, c := range map[string]struct {
		s    state
		want decision
	}{
		"a live challenge":       {live, goAhead},
		"one call nobody knows":  {with(tried(oneAttempt(1, 1))), goAhead},
		"two calls nobody knows": {with(tried(oneAttempt(2, 2))), unsure},
		"sent":                   {with(func(s *state) { s.attempts = attempts{"a": {mayHaveSent: 1, sent: 1}} }), done},
		"sent, and the carrier gave up": {with(func(s *state) {
			s.attempts = attempts{
				"a": {mayHaveSent: 1, undelivered: true},
			}
		}), goAhead},
		"two sent, the carrier gave up": {with(func(s *state) {
			s.attempts = attempts{
				"a": {mayHaveSent: 1, undelivered: true}, "b": {mayHaveSent: 1},
			}
		}), undelivered},
		"a hundred refusals":          {with(func(s *state) { s.attempts = attempts{"a": {refused: 100}} }), goAhead},
		"the last state":              {with(func(s *state) { s.final = true }), done},
		"used, replaced or abandoned": {with(func(s *state) { s.over = true }), over},
		"exactly 20 s left":           {with(func(s *state) { s.expires = now.Add(20 * time.Second) }), goAhead},
		"under 20 s left": {with(func(s *state) { s.expires = now.Add(20*time.Second - time.Millisecond) }),
			tooLate},
		"at its end":        {with(func(s *state) { s.expires = now }), expired},
		"asked for again":   {with(func(s *state) { s.newest = false }), resent},
		"used, and expired": {with(func(s *state) { s.over, s.expires = true, now }), over},
	} {
		if got := decide(c.s); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func oneAttempt(mayHaveSent, unknown int) attempt {
	return attempt{mayHaveSent: mayHaveSent, unknown: unknown}
}

func TestWhoSendsNext(t *testing.T) {
	open, accountOpen := breaker{open: true}, breaker{open: true, account: true}
	for name, c := range map[string]struct {
		route    []string
		attempts attempts
		breakers map[string]breaker
		want     string
		decision decision
	}{
		"the first":                         {[]string{"a", "b"}, nil, nil, "a", goAhead},
		"one refusal keeps the first":       {[]string{"a", "b"}, attempts{"a": {refused: 1}}, nil, "a", goAhead},
		"two refusals make the next one go": {[]string{"a", "b"}, attempts{"a": {refused: 2}}, nil, "b", goAhead},
		"and so on in turn": {[]string{"a", "b"}, attempts{"a": {refused: 2}, "b": {refused: 2}},
			nil, "a", goAhead},
		"silence makes the next one go": {[]string{"a", "b"}, attempts{"a": {mayHaveSent: 1, unknown: 1}}, nil,
			"b", goAhead},
		"silence of the only one": {[]string{"a"}, attempts{
			"a": {mayHaveSent: 1, unknown: 1},
		}, nil, "a", goAhead},
		"refused the account: the next one": {[]string{"a", "b"}, attempts{"a": {ruledOut: true, why: sms.Account}},
			nil, "b", goAhead},
		"refused by all": {[]string{"a", "b"}, attempts{"a": {ruledOut: true, why: sms.Ours},
			"b": {ruledOut: true, why: sms.Account}}, nil, "", account},
		"refused as wrong": {[]string{"a"}, attempts{
			"a": {ruledOut: true, why: sms.Ours},
		}, nil, "", ours},
		"the carrier gave up: the next one": {[]string{"a", "b"}, attempts{"a": {mayHaveSent: 1, undelivered: true}},
			nil, "b", goAhead},
		"the carrier gave up, nobody else": {[]string{"a"}, attempts{
			"a": {mayHaveSent: 1, undelivered: true},
		}, nil, "", undelivered},
		"an open breaker: the next one": {[]string{"a", "b"}, nil, map[string]breaker{"a": open}, "b", goAhead},
		"all open": {[]string{"a", "b"}, nil, map[string]breaker{"a": open, "b": open},
			"", later},
		"a probe is due": {[]string{"a", "b"}, nil,
			map[string]breaker{"a": {open: true, probeDue: true}, "b": open}, "a", goAhead},
		"the only one refuses our account": {[]string{"a"}, nil, map[string]breaker{
			"a": accountOpen,
		}, "", account},
		"one refuses our account, the other recovers": {[]string{"a", "b"}, nil,
			map[string]breaker{"a": accountOpen, "b": open}, "", later},
		"maybe sent, and the only one refuses now": {[]string{"a"}, attempts{
			"a": {mayHaveSent: 1, unknown: 1},
		}, map[string]breaker{"a": accountOpen}, "", unsure},
		"no route": {nil, nil, nil, "", noRoute},
	} {
		got, v := choose(c.route, c.attempts, c.breakers)
		if got != c.want || v != c.decision {
			t.Errorf("%s: %q %s, want %q %s", name, got, v, c.want, c.decision)
		}
	}
}
