package operator

import (
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// recent is how long after its end a failed log-in is still what an operator is asked about.
const recent = time.Hour

// Why says in one to three sentences what the user waits for now, or what became of the last attempt.
func Why(h History) []Sentence {
	if h.User.Disabled {
		return []Sentence{say("why.disabled")}
	}
	// Strangers' wrong codes keep nobody out of a known browser: the rest is said with them.
	strangers := costs(h, "why.strangers_", h.User.Strangers)
	if known := costs(h, "why.", h.User.Known); known != nil {
		return append(known, strangers...)
	}
	return append(strangers, underWay(h)...)
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

// describe tells about a live challenge by its newest message.
func describe(h History, c Challenge) []Sentence {
	if len(c.Messages) == 0 {
		return []Sentence{say("why.no_message")}
	}
	m := c.Messages[len(c.Messages)-1]
	trouble, moved := troubles(h, m)
	provider := any("")
	if n := len(m.Sends); n > 0 {
		provider = Name(m.Sends[n-1].Provider)
	}
	state := func(key string, args ...any) []Sentence {
		if moved {
			args = append(args, "Provider", provider)
			return append(trouble, say("why.moved."+key, args...))
		}
		return append(trouble, say("why."+key, append(args, "Provider", provider)...))
	}
	switch m.State {
	case "queued":
		return append(append(trouble, openBreakers(h)...), say("why.queued", "For", ago(h.Now, m.QueuedAt)))
	case "calling":
		return state("calling", "For", ago(h.Now, m.ChangedAt))
	case "retrying":
		return append(trouble, say("why.retrying", "Until", c.ExpiresAt))
	case "unsure":
		if m.Final {
			return append(trouble, say("why.unsure_final"))
		}
		return append(trouble, say("why.unsure"))
	case "accepted":
		if has(m, "buffered") {
			return append(trouble, say("why.buffered"))
		}
		if has(m, "answered") {
			return append(trouble, say("why.answered"))
		}
		return state("accepted", "For", ago(h.Now, m.AcceptedAt), "At", m.AcceptedAt)
	case "delivered":
		then := deliveredAt(m)
		if moved {
			trouble = append(trouble, say("why.moved.delivered", "Provider", provider, "At", then))
		}
		if c.Tries > 0 {
			return append(trouble, count("why.delivered_tries", c.Tries, "For", ago(h.Now, then)))
		}
		return append(trouble, say("why.delivered", "For", ago(h.Now, then)))
	}
	return append(trouble, failed(m))
}

// describeOver tells about a challenge that can no longer be answered.
func describeOver(h History, c Challenge) []Sentence {
	var trouble []Sentence
	var m Message
	if n := len(c.Messages); n > 0 {
		m = c.Messages[n-1]
		trouble, _ = troubles(h, m)
	}
	switch c.Outcome {
	case "verified":
		return []Sentence{say("why.done", "At", c.EndedAt)}
	case "exhausted":
		return []Sentence{say("why.exhausted", "At", c.EndedAt)}
	case "abandoned", "replaced":
		return []Sentence{say("why.abandoned", "At", c.EndedAt)}
	}
	switch {
	case m.State == "delivered":
		return []Sentence{count("why.expired_delivered", c.Tries, "At", c.ExpiresAt, "Delivered", deliveredAt(m))}
	case has(m, "buffered"):
		return []Sentence{say("why.buffered_over"), say("why.expired", "At", c.ExpiresAt)}
	case m.State == "accepted":
		return append(trouble, say("why.expired_accepted", "At", c.ExpiresAt))
	case m.State == "unsure":
		return append(trouble, say("why.expired_unsure", "At", c.ExpiresAt))
	}
	return append(trouble, say("why.expired_unsent", "At", c.ExpiresAt))
}

// troubles are what went wrong with a message, in its last send or, where another provider was tried then,
// in the one before; moved says that another was.
func troubles(h History, m Message) (sentences []Sentence, moved bool) {
	if len(m.Sends) == 0 {
		return nil, false
	}
	last := m.Sends[len(m.Sends)-1]
	if last.State == "refused" || last.State == "unknown" {
		return []Sentence{trouble(h, last)}, false
	}
	for _, s := range slices.Backward(m.Sends) {
		if s.Provider == last.Provider {
			continue
		}
		if s.State == "sent" { // accepted, and then reported as not delivered
			return []Sentence{undelivered(m, s.Provider)}, true
		}
		return []Sentence{trouble(h, s)}, true
	}
	if len(m.Sends) > 1 && m.Sends[len(m.Sends)-2].State == "unknown" {
		return []Sentence{trouble(h, m.Sends[len(m.Sends)-2])}, false
	}
	return nil, false
}

// trouble is a send that did not succeed. A breaker knows since when its provider refuses.
func trouble(h History, s Send) Sentence {
	since := s.StartedAt
	if p := h.Providers[s.Provider]; !p.OpenSince.IsZero() && p.OpenSince.Before(since) && p.Class == s.Class {
		since = p.OpenSince
	}
	class := s.Class
	if s.State == "unknown" {
		class = "unknown"
	}
	return say("why.provider."+class, "Provider", Name(s.Provider), "Status", Status{s.Status, s.Reason}, "At",
		s.StartedAt, "Since", since)
}

func openBreakers(h History) []Sentence {
	var open []Sentence
	for _, name := range sorted(h.Providers) {
		if p := h.Providers[name]; !p.OpenSince.IsZero() {
			open = append(open, BreakerSentence(p))
		}
	}
	return open
}

func sorted(m map[string]Provider) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// BreakerSentence says since when and why a provider gets no messages.
func BreakerSentence(p Provider) Sentence {
	return say("op_breaker."+breakerClass(p.Class), "Provider", Name(p.Name), "Since", p.OpenSince, "Status",
		Status{p.Status, p.Reason})
}

func breakerClass(class string) string {
	switch class {
	case "account", "ours", "unknown", "wait":
		return class
	}
	return "retry"
}

// failed is why a message will not be sent any more.
func failed(m Message) Sentence {
	for _, r := range slices.Backward(m.Receipts) {
		if undeliverable(r.Status) {
			return undelivered(m, r.Provider)
		}
	}
	switch m.Reason {
	case "number", "account", "ours", "over", "resent", "expired", "too_late", "undelivered":
		return say("why.failed." + m.Reason)
	}
	return say("why.failed.other")
}

func undelivered(m Message, provider string) Sentence {
	for _, r := range slices.Backward(m.Receipts) {
		if r.Provider == provider && undeliverable(r.Status) {
			if reason := receiptError(r); reason != "" {
				return say("why.undelivered_because", "Provider", Name(provider), "Reason", reason, "At", r.At)
			}
			return say("why.undelivered", "Provider", Name(provider), "Status", Word("op_receipt."+r.Status), "At", r.At)
		}
	}
	return say("why.undelivered_silent", "Provider", Name(provider))
}

func undeliverable(status string) bool {
	return status == "failed" || status == "rejected" || status == "expired"
}

func has(m Message, status string) bool {
	return slices.ContainsFunc(m.Receipts, func(r Receipt) bool { return r.Status == status })
}

// deliveredAt is when the carrier said so or, for a provider that knows at once, when it answered.
func deliveredAt(m Message) time.Time {
	for _, r := range m.Receipts {
		if r.Status == "delivered" {
			return r.At
		}
	}
	return m.ChangedAt
}
