package message

import (
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// decision is what a look at a message decides.
type decision string

const (
	goAhead     decision = "send"
	later       decision = "later"       // no provider can be asked just now
	done        decision = "done"        // already sent
	over        decision = "over"        // used, replaced or abandoned
	expired     decision = "expired"     //
	tooLate     decision = "too_late"    // under 20 s left
	resent      decision = "resent"      // the user asked for another message meanwhile
	unsure      decision = "unsure"      // two calls may have sent it
	undelivered decision = "undelivered" // the carrier gave up, and there is nobody else to try
	account     decision = "account"     // every provider refuses our account
	ours        decision = "ours"        // every provider refuses our request
	noRoute     decision = "no_route"    // the configuration has no provider for it
)

// state is what decide judges.
type state struct {
	now, expires time.Time
	over         bool // the challenge has ended
	final        bool // the message has its last state
	newest       bool // no later message of the challenge was asked for
	attempts     attempts
}

// attempts is what has been done with a message so far, by provider.
type attempts map[string]attempt

// attempt is what one provider did with a message.
type attempt struct {
	mayHaveSent int // calls that may have sent it, the dead ones included
	unknown     int // of these, the ones without a known end
	sent        int // accepted, and not reported undelivered
	refused     int // refusals that sent nothing and may be tried again
	why         sms.Class
	ruledOut    bool // refused for good: why
	undelivered bool // the carrier gave up
}

func (t attempts) total() (all attempt) {
	for _, d := range t {
		all.mayHaveSent += d.mayHaveSent
		all.sent += d.sent
		all.undelivered = all.undelivered || d.undelivered
		if d.ruledOut && all.why != sms.Account {
			all.why = d.why
		}
	}
	return all
}

// decide says whether a message is still to be sent.
func decide(s state) decision {
	all := s.attempts.total()
	switch left := s.expires.Sub(s.now); {
	case s.final, all.sent > 0:
		return done
	case s.over:
		return over
	case left <= 0:
		return expired
	case left < leastLife:
		return tooLate
	case !s.newest:
		return resent
	case all.mayHaveSent >= maxCalls && all.undelivered:
		return undelivered
	case all.mayHaveSent >= maxCalls:
		return unsure
	}
	return goAhead
}

// breaker is what all processes know about a provider.
type breaker struct {
	open     bool
	account  bool // it opened because the provider refuses our account
	probeDue bool // somebody may try
}

// strikesAllowed refusals in a row by one provider make the next one of the route go first.
const strikesAllowed = 2

// choose picks the provider that a message is given to next: the first of the route that has not refused it for
// good and whose breaker lets a call through; one that failed it before comes after one that did not. The decision is
// goAhead with a name, later, or why nobody is left.
func choose(route []string, t attempts, breakers map[string]breaker) (string, decision) {
	best, least := "", 0
	waiting, refusing := false, false
	for _, name := range route {
		d, b := t[name], breakers[name]
		if d.ruledOut || d.undelivered {
			continue
		}
		if b.open && !b.probeDue {
			waiting = waiting || !b.account
			refusing = refusing || b.account
			continue
		}
		if strikes := d.refused/strikesAllowed + d.unknown; best == "" || strikes < least {
			best, least = name, strikes
		}
	}
	all := t.total()
	switch {
	case best != "":
		return best, goAhead
	case waiting:
		return "", later
	case all.mayHaveSent > 0 && !all.undelivered:
		return "", unsure // one call may have sent it, and nobody is left to ask
	case all.undelivered:
		return "", undelivered
	case refusing, all.why == sms.Account:
		return "", account
	case all.why == sms.Ours:
		return "", ours
	}
	return "", noRoute
}
