package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// sound is the evidence of a small run in which everything went well: a log-in by text after one wrong code and a lost
// answer of the provider, one by app, a reset, an activation.
func sound() *evidence {
	at := func(s int) time.Time { return time.Date(2026, 1, 5, 9, 0, s, 0, time.UTC) }
	text := "123456 is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #123456"
	return &evidence{
		acts: []act{
			{began: at(0), ended: at(1), user: 1, kind: "password", answer: gotSecond},
			{began: at(2), ended: at(3), user: 1, kind: "line", key: "received", answer: gotDone},
			{began: at(3), ended: at(4), user: 1, kind: "code", key: "ref1", answer: gotWrong},
			{began: at(4), ended: at(5), user: 1, kind: "code", key: "ref1", answer: gotIn},
			{began: at(5), ended: at(6), user: 1, kind: "code", key: "ref1", answer: gotOver},
			{began: at(6), ended: at(7), user: 1, kind: "page", answer: gotIn, since: at(5), factor: 2},
			{began: at(8), ended: at(9), user: 1, kind: "reset", answer: gotDone},
			{began: at(10), ended: at(11), user: 1, kind: "page", answer: gotAway, since: at(5), factor: 2},
			{began: at(12), ended: at(13), user: 2, kind: "app", key: "step 7", answer: gotIn},
			{began: at(13), ended: at(14), user: 2, kind: "app", key: "step 7", answer: gotWrong},
			{began: at(15), ended: at(16), user: 3, kind: "password", answer: gotWrong},
			{began: at(17), ended: at(18), user: 4, office: 2, kind: "activate", answer: gotDone},
			{began: at(19), ended: at(20), user: 3, office: 2, kind: "page", answer: gotAway, since: at(16), factor: 1},
			{began: at(21), ended: at(22), user: 4, office: 2, kind: "switch_off", answer: gotDone},
			{began: at(23), ended: at(24), user: 3, office: 2, kind: "page", answer: gotIn, since: at(16), factor: 1},
		},
		calls: []smstest.Message{
			{Ref: "ref1.1", Text: text, Step: "503"},
			{Ref: "ref1.1", Text: text, Step: "reset", Accepted: true},
			{Ref: "ref1.1", Text: text, Step: "0", Accepted: true},
		},
		samples: []sample{
			{"wrong factors in a row", 1, 1, 0}, {"wrong factors in a row", 1, 2, 0}, {"wrong factors in a row", 1, 0, 1},
			{"tries of a challenge", 1, 1, 0}, {"tries of a challenge", 1, 2, 0},
		},
		challenges: []challengeRow{
			{ID: 1, UserID: 1, SessionID: 1, Ref: "ref1", Purpose: "sign_in", Outcome: "verified", Tries: 2, SendsAsked: 1,
				Expired: 10 * time.Minute},
		},
		messages: []messageRow{{ID: 1, ChallengeID: 1, SendNo: 1, State: "accepted", Final: true, Sent: 1}},
		jobs:     []jobRow{{ID: 1, ChallengeID: 1, SendNo: 1, State: "completed"}},
		sessions: []sessionRow{{1, 1, 2}, {2, 2, 2}, {3, 2, 1}, {4, 3, 1}},
		audit: []auditRow{
			{1, 1, 0, "password_accepted", ""}, {2, 1, 0, "second_factor_refused", "sms"}, {3, 1, 0, "signed_in", "sms"},
			{4, 9, 1, "two_factor_reset", ""}, {5, 2, 0, "password_accepted", ""}, {6, 2, 0, "password_accepted", ""},
			{7, 2, 0, "signed_in", "otp"}, {8, 2, 0, "second_factor_refused", "otp"}, {9, 3, 0, "sign_in_refused", ""},
			{10, 3, 0, "signed_in", "password"},
		},
		failures: []failureRow{{1, 0}, {2, 1}},
	}
}

func TestTheInvariantsHoldForASoundRun(t *testing.T) {
	t.Parallel()
	for _, i := range invariants() {
		if found := i.judge(sound()); len(found) > 0 {
			t.Errorf("%s fails without a cause: %s", i.name, strings.Join(found, "; "))
		}
	}
}

// A judge that cannot convict is none: each doctored run breaks the rule that it says, and words tells by which id.
func TestEachInvariantFailsForADoctoredRun(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 5, 9, 0, 30, 0, time.UTC)
	for _, c := range []struct {
		name, what, words string
		doctor            func(e *evidence)
	}{
		{"I1", "a code served twice", "code ref1", func(e *evidence) { e.acts[4].answer = gotIn }},
		{"I1", "an app's step served twice", "app step 7", func(e *evidence) { e.acts[9].answer = gotIn }},
		{"I1", "a recovery code served twice", "recovery r1", func(e *evidence) {
			e.acts = append(e.acts, act{kind: "recovery", key: "r1", answer: gotIn},
				act{kind: "recovery", key: "r1", answer: gotIn})
		}},
		{"I2", "a session rose without a proof", "user 2 has 2", func(e *evidence) { e.sessions[2].Level = 2 }},
		{"I2", "a proof was consumed without a session", "user 1 has 0 sessions", func(e *evidence) {
			e.sessions[0].Level = 1
		}},
		{"I2", "a challenge was not consumed", "user 1 has 0 verified", func(e *evidence) {
			e.challenges[0].Outcome = "abandoned"
		}},
		{"I3", "six comparisons", "challenge 1 was compared 7", func(e *evidence) {
			for range 5 {
				e.acts = append(e.acts, act{user: 1, kind: "code", key: "ref1", answer: gotWrong})
			}
			e.challenges[0].Tries = 7
		}},
		{"I3", "a try that was not charged", "challenge 1 was compared 2", func(e *evidence) { e.challenges[0].Tries = 1 }},
		{"I3", "a challenge verified without a try", "challenge 1", func(e *evidence) {
			e.challenges[0].Tries = 0
			e.acts = nil
		}},
		{"I3", "a refusal that the user's count lacks", "user 2", func(e *evidence) { e.failures[1].InARow = 0 }},
		{"I4", "a message without a job", "message 1", func(e *evidence) { e.jobs = nil }},
		{"I4", "a message with two jobs", "has 2 jobs", func(e *evidence) {
			e.jobs = append(e.jobs, jobRow{2, 1, 1, "completed"})
		}},
		{"I4", "a job without a message", "job 2", func(e *evidence) {
			e.jobs = append(e.jobs, jobRow{2, 1, 2, "completed"})
		}},
		{"I4", "a challenge without a message", "challenge 1", func(e *evidence) { e.messages, e.jobs = nil, nil }},
		{"I5", "three calls that may have sent", "ref1.1", func(e *evidence) { e.calls[0].Step = "500" }},
		{"I5", "two codes for one challenge", "2 codes", func(e *evidence) {
			e.calls[2].Text = strings.ReplaceAll(e.calls[2].Text, "123456", "654321")
		}},
		{"I6", "a job left over", "job 1 is retryable", func(e *evidence) { e.jobs[0].State = "retryable" }},
		{"I7", "accepted without a call that was taken", "message 1", func(e *evidence) { e.messages[0].Sent = 0 }},
		{"I7", "a message that stays on its way", "stays calling", func(e *evidence) {
			e.messages[0].State, e.messages[0].Final = "calling", false
		}},
		{"I7", "a line that said more than was so", "user 1 read", func(e *evidence) { e.acts[1].key = "" }},
		{"I8", "a session that is not written down", "user 2 began 2", func(e *evidence) { e.audit[5].Action = "other" }},
		{"I8", "a record of a session that is not", "user 1 began 1", func(e *evidence) {
			e.audit = append(e.audit, auditRow{11, 1, 0, "password_accepted", ""})
		}},
		{"I8", "a refusal that is not written down", "second factor 1 times", func(e *evidence) {
			e.audit[1].Action = "other"
		}},
		{"I8", "a password refused and not written down", "password 1 times", func(e *evidence) {
			e.audit[8].Action = "other"
		}},
		{"I9", "a page after a reset", "user 1, reset", func(e *evidence) { e.acts[7].answer = gotIn }},
		{"I9", "a page of one factor after an activation", "user 3, with one factor", func(e *evidence) {
			e.acts[12].answer = gotIn
		}},
		{"I9", "a page of one factor after two activations", "user 3, with one factor", func(e *evidence) {
			e.acts = append(e.acts, act{
				began: moment, ended: moment.Add(time.Second), user: 4, office: 2, kind: "activate", answer: gotDone,
			},
				act{
					began: moment.Add(2 * time.Second), ended: moment.Add(3 * time.Second), user: 3, office: 2, kind: "page",
					answer: gotIn, since: moment.Add(-time.Second), factor: 1,
				})
		}},
		{"I10", "a count of failures that went down", "wrong factors in a row 1", func(e *evidence) {
			e.samples[2].successes = 0
		}},
		{"I10", "a try given back", "tries of a challenge 1", func(e *evidence) { e.samples[4].value = 0 }},
	} {
		t.Run(c.name+" "+c.what, func(t *testing.T) {
			t.Parallel()
			e := sound()
			c.doctor(e)
			for _, i := range invariants() {
				if i.name != c.name {
					continue
				}
				if found := strings.Join(i.judge(e), "; "); !strings.Contains(found, c.words) {
					t.Errorf("%s finds %q, and nothing of %q", c.name, found, c.words)
				}
				return
			}
			t.Errorf("there is no %s", c.name)
		})
	}
}
