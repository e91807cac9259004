package operator

import (
	"slices"
	"time"
)

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
