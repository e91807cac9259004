package operator

import (
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// recent is how long after its end a failed log-in is still what users ask operators about.
const recent = time.Hour

// Why says in one to three sentences what the user waits for now, or what became of the last attempt.
func Why(h History) []Sentence {
	if h.User.Disabled {
		return []Sentence{say("why.disabled")}
	}
	// Strangers' wrong codes keep nobody out of a known browser: the rest is said with them.
	strangers := costs(h, "why.strangers_", h.User.Strangers)
	if known := costs(h, "why.", h.User.Known); known != nil {
		return append(append(known, strangers...), standing(h)...)
	}
	return append(append(strangers, underWay(h)...), standing(h)...)
}

// standing is what is true of the user whatever is under way, and explains what they may do, or must.
func standing(h History) (found []Sentence) {
	u := h.User
	if !u.HelpSince.IsZero() {
		found = append(found, say("why.help", "At", u.HelpSince))
	}
	for _, l := range h.Logins {
		if h.passed(l) {
			found = append(found, say("why.pass", "Until", l.PassUntil))
			break
		}
	}
	switch {
	case h.Now.Before(u.ExemptUntil):
		found = append(found, say("why.exempt", "Until", u.ExemptUntil))
	case h.Now.Before(u.DemandedFrom):
		found = append(found, say("why.date", "At", u.DemandedFrom))
	case h.Now.Before(u.FirstHoursUntil):
		found = append(found, say("why.first_hours", "Until", u.FirstHoursUntil))
	}
	if h.Now.Before(u.CoolingUntil) {
		found = append(found, say("why.cooling", "Until", u.CoolingUntil))
	}
	return found
}

// costs says what a budget of wrong second factors costs now: nil for nothing.
func costs(h History, prefix string, b Budget) []Sentence {
	switch b.Lock {
	case factor.LockReset:
		return []Sentence{say(prefix+"locked", "Tries", b.WrongInARow)}
	case factor.LockRecovery:
		return []Sentence{say(prefix + "locked_recovery")}
	case factor.LockWait:
		return []Sentence{count(prefix+"wait", int((b.WaitUntil.Sub(h.Now)+time.Minute-1)/time.Minute))}
	}
	return nil
}

// underWay is what the newest log-in waits for.
func underWay(h History) []Sentence {
	for _, l := range h.Logins {
		if len(l.Challenges) > 0 {
			if c := l.Challenges[len(l.Challenges)-1]; h.live(c) {
				if limit, ok := h.refusal(c.BeganAt); ok {
					return append(describe(h, c), limit)
				}
				return describe(h, c)
			}
		}
		if h.pending(l) {
			return pendingWithoutCode(h, l)
		}
	}
	return nothing(h)
}

// refusal is the limit that stopped a code after a moment.
func (h History) refusal(after time.Time) (Sentence, bool) {
	for _, e := range h.Events {
		if e.Action == audit.CodeNotSent && !e.At.Before(after) {
			return limitSentence(h, e), true
		}
	}
	return Sentence{}, false
}

func limitSentence(h History, e Event) Sentence {
	return say("why.not_sent", "At", e.At, "Limit", limitOf(h, e.Detail))
}

// limitOf puts a limit's word into words; an office may send max(50, 4 × users) messages an hour to new numbers.
func limitOf(h History, detail string) Sentence {
	return say("op_limit."+detail, "N", max(50, 4*h.User.OfficeUsers))
}

// pendingWithoutCode is a log-in that waits for a second factor while no code is under way.
func pendingWithoutCode(h History, l Login) []Sentence {
	since := l.BeganAt
	if n := len(l.Challenges); n > 0 {
		since = over(l.Challenges[n-1])
	}
	if limit, ok := h.refusal(since); ok {
		return []Sentence{limit}
	}
	if n := len(l.Challenges); n > 0 {
		return append(describeOver(h, l.Challenges[n-1]), say("why.may_ask"))
	}
	switch u := h.User; {
	case u.Factors.Has(factor.Passkey):
		return []Sentence{say("why.asked_for_passkey")}
	case u.Factors.Has(factor.App):
		return []Sentence{say("why.asked_for_app")}
	case u.Factors.Unconfirmed() != nil:
		return []Sentence{say("why.unconfirmed")}
	case !u.Factors.HasFactor():
		return []Sentence{say("why.no_method")}
	}
	return []Sentence{say("why.not_asked")}
}

// nothing is what there is to say when nothing is under way.
func nothing(h History) []Sentence {
	under := say("why.nothing")
	if limit, ok := h.refusal(h.Now.Add(-recent)); ok && (len(h.Logins) == 0 || h.Logins[0].Level < 2) {
		return []Sentence{under, limit}
	}
	// A refused password since the last log-in is the newest thing there is.
	for _, e := range h.Events {
		if e.Action == audit.SignInRefused && h.Now.Sub(e.At) < recent &&
			(len(h.Logins) == 0 || h.Logins[0].BeganAt.Before(e.At)) {
			return []Sentence{under, say("why.password_refused", "At", e.At)}
		}
	}
	if len(h.Logins) == 0 {
		return []Sentence{under}
	}
	l := h.Logins[0]
	if n := len(l.Challenges); n > 0 && l.Level < 2 && h.Now.Sub(over(l.Challenges[n-1])) < recent {
		return append([]Sentence{under}, describeOver(h, l.Challenges[n-1])...)
	}
	if l.Level >= 2 || !h.User.TwoFactor {
		done := l.FinishedAt
		if done.IsZero() {
			done = l.BeganAt
		}
		return []Sentence{under, say("why.done", "At", done)}
	}
	return []Sentence{under}
}

// over is when a challenge ended, or will.
func over(c Challenge) time.Time {
	if c.EndedAt.IsZero() || c.EndedAt.After(c.ExpiresAt) {
		return c.ExpiresAt
	}
	return c.EndedAt
}
