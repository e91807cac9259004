package operator

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sms/reasontest"
)

func TestEveryStateOfAMessageHasItsReason(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	began := now.Add(-time.Minute)
	sent := Send{Provider: "vonage", State: "sent", Class: "sent", Status: "0", StartedAt: began}
	refused := func(provider, class, status string) Send {
		return Send{Provider: provider, State: "refused", Class: class, Status: status, StartedAt: began}
	}
	type challengeCase struct {
		outcome string
		tries   int
	}
	live := challengeCase{}
	for _, c := range []struct {
		name      string
		challenge challengeCase
		message   Message
		want      []string
	}{
		{"queued", live, Message{State: "queued"}, []string{"why.queued"}},
		{"queued behind an open breaker", live, Message{
			State: "queued", Reason: "breaker",
		}, []string{"op_breaker.account", "why.queued"}},
		{"calling", live, Message{
			State: "calling", Sends: []Send{{Provider: "webhook", State: "calling"}},
		}, []string{"why.calling"}},
		{"calling the next", live, Message{
			State: "calling", Sends: []Send{refused("webhook", "retry", "http 503"), {Provider: "demo", State: "calling"}},
		}, []string{"why.provider.retry", "why.moved.calling"}},
		{"throttled", live, Message{
			State: "retrying", Sends: []Send{refused("webhook", "wait", "1")},
		}, []string{"why.provider.wait", "why.retrying"}},
		{"unsure", live, Message{
			State: "unsure", Sends: []Send{{Provider: "webhook", State: "unknown", Class: "unknown", Status: "timeout"}},
		}, []string{"why.provider.unknown", "why.unsure"}},
		{"accepted after an unknown one", live, Message{
			State: "accepted", Sends: []Send{
				{Provider: "webhook", State: "unknown", Class: "unknown"}, {Provider: "webhook", State: "sent"},
			},
		}, []string{"why.provider.unknown", "why.accepted"}},
		{"answered call", live, Message{
			State: "accepted", Sends: []Send{sent}, Receipts: []Receipt{{Provider: "vonage", Status: "answered"}},
		}, []string{"why.answered"}},
		{"delivered", live, Message{State: "delivered", Sends: []Send{sent}}, []string{"why.delivered"}},
		{"delivered and wrong once", challengeCase{"", 1}, Message{State: "delivered", Sends: []Send{sent}},
			[]string{"why.delivered_tries"}},
		{"number", live, Message{
			State: "failed", Reason: "number", Final: true, Sends: []Send{refused("vonage", "number", "6")},
		}, []string{"why.provider.number", "why.failed.number"}},
		{"account", live, Message{
			State: "failed", Reason: "account", Final: true, Sends: []Send{refused("webhook", "account", "401")},
		}, []string{"why.provider.account", "why.failed.account"}},
		{"ours", live, Message{
			State: "failed", Reason: "ours", Final: true, Sends: []Send{refused("webhook", "ours", "400")},
		}, []string{"why.provider.ours", "why.failed.ours"}},
		{"no reason we know", live, Message{State: "failed", Reason: "x", Final: true}, []string{"why.failed.other"}},
		{"five wrong", challengeCase{"exhausted", 5}, Message{State: "delivered"}, []string{"why.exhausted", "why.may_ask"}},
		{"ended", challengeCase{"abandoned", 0}, Message{State: "delivered"}, []string{"why.abandoned", "why.may_ask"}},
		{"expired unread", challengeCase{"expired", 1}, Message{State: "delivered"},
			[]string{"why.expired_delivered", "why.may_ask"}},
		{"expired, phone off", challengeCase{"expired", 0},
			Message{State: "accepted", Receipts: []Receipt{{Status: "buffered"}}}, []string{"why.buffered_over", "why.expired",
				"why.may_ask"}},
		{"expired, no receipt", challengeCase{"expired", 0}, Message{State: "accepted"},
			[]string{"why.expired_accepted", "why.may_ask"}},
		{"expired, uncertain", challengeCase{"expired", 0}, Message{State: "unsure", Final: true},
			[]string{"why.expired_unsure", "why.may_ask"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ch := Challenge{
				ID: 1, BeganAt: began, ExpiresAt: now.Add(4 * time.Minute), Outcome: c.challenge.outcome,
				Tries: c.challenge.tries, Messages: []Message{c.message},
			}
			if ch.Outcome != "" {
				ch.EndedAt = now.Add(-time.Second)
			}
			h := History{
				Now: now, User: User{
					TwoFactor: true, Factors: factor.Set{{Kind: factor.SMS, Counts: true, Label: "+31612345678"}},
				}, Providers: map[string]Provider{},
				Logins: []Login{{BeganAt: began, Level: 1, ExpiresAt: now.Add(5 * time.Minute), Challenges: []Challenge{ch}}},
			}
			if c.message.Reason == "breaker" {
				h.Providers["vonage"] = Provider{Name: "vonage", OpenSince: began, Class: "account", Status: "9"}
			}
			got := Why(h)
			if !slices.Equal(keys(got), c.want) {
				t.Errorf("the reason is %v, want %v", keys(got), c.want)
			}
			for _, s := range got {
				if !locale.Has(s.Key) {
					t.Errorf("%s is not in the catalogue", s.Key)
				}
			}
		})
	}
}

// families are the texts that are put together from a word, with all their words.
var families = map[string][]string{
	"why.":           {"queued", "calling", "accepted", "moved.calling", "moved.accepted"},
	"why.moved.":     {"calling", "accepted", "delivered"},
	"why.failed.":    {"number", "account", "ours", "over", "resent", "expired", "too_late", "undelivered", "other"},
	"why.provider.":  {"account", "ours", "number", "wait", "retry", "unknown"},
	"story.outcome.": {"verified", "expired", "replaced", "exhausted", "abandoned"},
	"story.job.":     {"available", "running", "completed", "cancelled", "discarded"},
	"story.send.":    {"account", "ours", "number", "wait", "retry", "unknown", "sent", "calling"},
	"op_breaker.":    {"account", "ours", "unknown", "wait", "retry"},
	"op_limit.": {"under_way", "number_hour", "number_day", "user_hour", "user_hour_known", "user_day",
		"user_day_known", "user_all", "new_numbers", "office", "country", "prefix", "money", "money_all", "other"},
	"op_purpose.":       {"sign_in", "enrol", "change", "step_up"},
	"op_channel.":       {"sms", "call"},
	"op_receipt.":       {"accepted", "buffered", "answered", "delivered", "expired", "failed", "rejected", "unknown"},
	"op_receipt_error.": reasontest.OfReceipts(),
	"audit.":            {"signed_in"},
	"op_status.": append(reasontest.OfSends(),
		"request", "dial", "tls", "timeout", "reset", "stopped", "unreadable", "mixed", "keep", "interrupted"),
}

func TestEverySentenceIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`\b(?:say|count|Word)\("([a-z_.]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(source), -1) {
			found++
			if strings.HasSuffix(m[1], ".") {
				if families[m[1]] == nil {
					t.Errorf("%s puts together %q, whose words are not listed here", file, m[1])
				}
				continue
			}
			if !locale.Has(m[1]) {
				t.Errorf("%s says %q, which is not in the catalogue", file, m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d sentences were found", found)
	}
	for family, words := range families {
		for _, word := range words {
			if !locale.Has(family + word) {
				t.Errorf("%s%s is not in the catalogue", family, word)
			}
		}
	}
}

// What is true of the user whatever is under way is said after it, and no longer than it is true.
func TestWhatStandsIsSaid(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	soon, over := now.Add(time.Hour), now.Add(-time.Hour)
	login := Login{BeganAt: over, ExpiresAt: soon, Level: 1}
	let := login
	let.PassUntil = soon
	for name, c := range map[string]struct {
		user  User
		login Login
		want  []string
	}{
		"asks for help":      {User{TwoFactor: true, HelpSince: over}, login, []string{"why.no_method", "why.help"}},
		"let in for the day": {User{TwoFactor: true}, let, []string{"why.nothing", "why.pass"}},
		"exempt":             {User{ExemptUntil: soon}, login, []string{"why.nothing", "why.done", "why.exempt"}},
		"exempt no more":     {User{ExemptUntil: over}, login, []string{"why.nothing", "why.done"}},
		"in the first hours": {
			User{FirstHoursUntil: soon}, login, []string{"why.nothing", "why.done", "why.first_hours"},
		},
		"before the date": {User{DemandedFrom: soon}, login, []string{"why.nothing", "why.done", "why.date"}},
		"after the date":  {User{TwoFactor: true, DemandedFrom: over}, login, []string{"why.no_method"}},
		"cooling off": {
			User{TwoFactor: true, CoolingUntil: soon}, login, []string{"why.no_method", "why.cooling"},
		},
		"let in, and logged out": {User{TwoFactor: true}, ended(let, over), []string{"why.nothing"}},
		"exempt before the date": {
			User{ExemptUntil: soon, DemandedFrom: soon}, login, []string{"why.nothing", "why.done", "why.exempt"},
		},
		"locked, and asks for it": {
			User{TwoFactor: true, HelpSince: over, Known: Budget{Lock: factor.LockRecovery}}, login,
			[]string{"why.locked_recovery", "why.help"},
		},
	} {
		h := History{Now: now, User: c.user, Logins: []Login{c.login}}
		var got []string
		for _, s := range Why(h) {
			got = append(got, s.Key)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	if (History{Now: now, User: User{TwoFactor: true}, Logins: []Login{let}}).Live() {
		t.Error("somebody who was let in for the day waits")
	}
}

func ended(l Login, at time.Time) Login {
	l.EndedAt = at
	return l
}
