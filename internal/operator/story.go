package operator

import (
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
)

// Chapter is a log-in with all that happened in it, the oldest first, as it reads on the user's own page.
type Chapter struct {
	BeganAt time.Time // zero: what happened before the first log-in that is shown
	Address string
	State   string // waiting, done, over: of the log-in
	Entries []Entry
	// Live is the challenge that can be ended, Last the one that can be followed by a new one; 0 for none.
	Live int64
	Last int64
}

// Entry is one line of the story.
type Entry struct {
	At    time.Time
	Now   bool   // where it stands, after all that has happened
	Kind  string // login, challenge, message, job, send, receipt, audit
	State string // done, current, failed
	Text  Sentence
	Note  Sentence // Key "" for none
	Raw   string   // a redacted error, as it was written
}

// Story is everything of a history in order: the newest log-in first.
func Story(h History) []Chapter {
	chapters := make([]Chapter, 0, len(h.Logins)+1)
	for _, l := range h.Logins {
		chapters = append(chapters, chapter(h, l))
	}
	var before Chapter
	for _, e := range h.Events {
		entry, ok := event(h, e)
		if !ok {
			continue
		}
		// The newest log-in that had begun by then; a refused password is of the attempt before the next one.
		i := slices.IndexFunc(chapters, func(c Chapter) bool { return !c.BeganAt.After(e.At) })
		if i < 0 {
			before.Entries = append(before.Entries, entry)
			continue
		}
		chapters[i].Entries = append(chapters[i].Entries, entry)
	}
	if len(before.Entries) > 0 {
		chapters = append(chapters, before)
	}
	for _, c := range chapters {
		slices.SortStableFunc(c.Entries, compare)
	}
	return chapters
}

func chapter(h History, l Login) Chapter {
	c := Chapter{BeganAt: l.BeganAt, Address: l.Address, State: "over"}
	switch {
	case h.pending(l):
		c.State = "waiting"
	case l.Level >= 2 || !h.User.TwoFactor:
		c.State = "done"
	}
	c.Entries = append(c.Entries, Entry{At: l.BeganAt, Kind: "login", State: "done", Text: say("story.login")})
	for _, ch := range l.Challenges {
		c.Entries = append(c.Entries, challenge(h, ch)...)
		if h.live(ch) {
			c.Live = ch.ID
		}
		if l.EndedAt.IsZero() && h.Now.Before(l.ExpiresAt) && ch.Outcome != "verified" {
			c.Last = ch.ID
		}
	}
	if c.State == "done" && c.Live == 0 {
		c.Last = 0
	}
	if !l.EndedAt.IsZero() {
		c.Entries = append(c.Entries, Entry{At: l.EndedAt, Kind: "login", State: "done", Text: say("story.login_ended")})
	}
	return c
}

func challenge(h History, c Challenge) []Entry {
	entries := []Entry{{
		At: c.BeganAt, Kind: "challenge", State: "done",
		Text: say("story.challenge", "Number", c.Number, "Purpose", Word("op_purpose."+c.Purpose)),
	}}
	for _, m := range c.Messages {
		entries = append(entries, messageEntries(m)...)
	}
	switch {
	case !c.EndedAt.IsZero():
		end := Entry{At: c.EndedAt, Kind: "challenge", State: "failed", Text: say("story.outcome." + c.Outcome)}
		if c.Outcome == "verified" || c.Outcome == "replaced" {
			end.State = "done"
		}
		entries = append(entries, end)
	case h.live(c):
		// The last line is where it stands: it comes after everything that has happened.
		now := Entry{
			At: h.Now, Now: true, Kind: "challenge", State: "current", Text: count("story.live", c.Tries, "Until", c.ExpiresAt),
		}
		entries = append(entries, now)
	default:
		entries = append(entries, Entry{
			At: c.ExpiresAt, Kind: "challenge", State: "failed", Text: say("story.outcome.expired"),
		})
	}
	return entries
}

func messageEntries(m Message) []Entry {
	entries := []Entry{
		{At: m.QueuedAt, Kind: "message", State: "done", Text: say("story.queued", "No", m.No, "Channel",
			Word("op_channel."+m.Channel))},
	}
	for _, j := range m.Jobs {
		j.Failures = untold(j, m.Sends)
		entries = append(entries, jobEntries(j)...)
	}
	for _, s := range m.Sends {
		entries = append(entries, send(s))
	}
	for _, r := range m.Receipts {
		entries = append(entries, receipt(r))
	}
	switch {
	case m.State == "failed":
		entries = append(entries, Entry{
			At: m.ChangedAt, Kind: "message", State: "failed", Text: say("story.failed", "No", m.No), Note: failed(m),
		})
	case m.State == "unsure" && m.Final:
		entries = append(entries, Entry{
			At: m.ChangedAt, Kind: "message", State: "failed", Text: say("story.unsure", "No", m.No),
		})
	case m.State == "delivered" && !has(m, "delivered"):
		entries = append(entries, Entry{
			At: m.ChangedAt, Kind: "message", State: "done", Text: say("story.delivered", "No", m.No),
		})
	}
	return entries
}

// untold returns the failures of a job that no send tells: an attempt in which a provider said no is told by that send,
// and its error is the same fault once more, stamped with the attempt's beginning as if it came before its cause.
func untold(j Job, sends []Send) (left []Failure) {
	for i, f := range j.Failures {
		told := slices.ContainsFunc(sends, func(s Send) bool {
			return (s.State == "refused" || s.State == "unknown") && !s.StartedAt.Before(f.At) &&
				(i+1 == len(j.Failures) || s.StartedAt.Before(j.Failures[i+1].At))
		})
		if !told {
			left = append(left, f)
		}
	}
	return left
}

// lag is how long an end may be written before what brought it about, which comes in a transaction of its own.
const lag = time.Second

// compare orders entries by their time, an end after what brought it about.
func compare(a, b Entry) int {
	when := func(e Entry) time.Time {
		if e.Text.Key == "story.login_ended" || strings.HasPrefix(e.Text.Key, "story.outcome.") {
			return e.At.Add(lag)
		}
		return e.At
	}
	return when(a).Compare(when(b))
}

// jobEntries are the attempts of a job that ended with an error, and where the job is now. The attempt
// that succeeded is told by its send.
func jobEntries(j Job) []Entry {
	var entries []Entry
	for _, f := range j.Failures {
		entries = append(entries, Entry{
			At: f.At, Kind: "job", State: "failed", Raw: f.Text,
			Text: say("story.attempt", "Attempt", f.Attempt, "Job", JobID(j.ID)),
		})
	}
	switch j.State {
	case "retryable", "scheduled":
		entries = append(entries, Entry{
			At: j.ScheduledAt, Kind: "job", State: "current", Text: say("story.next_attempt", "Attempt",
				j.Attempt+1, "Job", JobID(j.ID)),
		})
	case "cancelled", "discarded", "completed":
		state := "done"
		if j.State == "discarded" {
			state = "failed"
		}
		entries = append(entries, Entry{
			At: j.FinishedAt, Kind: "job", State: state, Text: say("story.job."+j.State,
				"Attempts", j.Attempt, "Job", JobID(j.ID)),
		})
	case "available":
		entries = append(entries, Entry{
			At: j.ScheduledAt, Kind: "job", State: "done", Text: say("story.job.available", "Job", JobID(j.ID)),
		})
	case "running":
		entries = append(entries, Entry{
			At: j.ScheduledAt, Kind: "job", State: "current", Text: say("story.job.running",
				"Attempts", j.Attempt, "Job", JobID(j.ID)),
		})
	}
	return entries
}

func send(s Send) Entry {
	e := Entry{At: s.StartedAt, Kind: "send", State: "failed"}
	args := []any{"Provider", Name(s.Provider), "Status", Status{s.Status, s.Reason}, "Took", took(s)}
	switch s.State {
	case "calling":
		e.State, e.Text = "current", say("story.send.calling", args...)
		return e
	case "sent":
		e.State, e.Text = "done", say("story.send.sent", args...)
		if s.Price != "" {
			e.Note = say("story.price", "Price", s.Price)
		}
		return e
	case "unknown":
		e.Text = say("story.send.unknown", args...)
		return e
	}
	e.Text = say("story.send."+s.Class, args...)
	return e
}

// took is how long a call lasted, to the millisecond.
func took(s Send) time.Duration {
	if s.EndedAt.IsZero() {
		return 0
	}
	return s.EndedAt.Sub(s.StartedAt).Round(time.Millisecond)
}

func receipt(r Receipt) Entry {
	e := Entry{
		At: r.At, Kind: "receipt", State: "done", Text: say("story.receipt", "Provider", Name(r.Provider), "Status",
			Word("op_receipt."+r.Status)),
	}
	if undeliverable(r.Status) {
		e.State = "failed"
	}
	if reason := receiptError(r); reason != "" {
		e.Note = say("story.receipt_error", "Reason", reason)
	}
	return e
}

// event is an audit event, unless the story tells it already.
func event(h History, e Event) (Entry, bool) {
	var actor any = e.Actor
	if e.Actor == audit.CommandLine.Name {
		actor = Word("history.command_line")
	}
	text := say("audit."+string(e.Action), "Actor", actor, "Subject", e.Subject)
	entry := Entry{At: e.At, Kind: "audit", State: "done", Text: text}
	switch e.Action {
	case audit.PasswordAccepted, audit.UserLookedUp, audit.LoggedOut:
		return entry, false
	case audit.CodeNotSent:
		entry.State, entry.Text = "failed", say("story.not_sent", "Limit", limitOf(h, e.Detail))
	case audit.SignInRefused, audit.SecondFactorRefused, audit.SecondFactorWait, audit.PasswordRefused:
		entry.State = "failed"
	}
	return entry, true
}
