package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// invariant is a rule that no fault may break. judge answers each violation, with the ids it is about.
type invariant struct {
	name  string
	rule  string
	judge func(e *evidence) []string
}

// invariants are those of the product's threat model, I1 to I10.
func invariants() []invariant {
	return []invariant{
		{"I1", "a code, an app's step and a recovery code let somebody in at most once", judgeOnce},
		{"I2", "sessions of two factors are exactly the proofs that were consumed", judgeSessions},
		{"I3", "at most five comparisons for a challenge, each charged before it, and none that the user's count does not " +
			"have", judgeTries},
		{"I4", "every message has exactly one job", judgeJobs},
		{"I5", "a message may have been sent at most twice, and a challenge has one code", judgeCalls},
		{"I6", "no job is left for a challenge that expired 90 s ago", judgeLeft},
		{"I7", "a message is shown as accepted when the provider took it, and else as failed", judgeShown},
		{"I8", "every session and every refusal is in the audit log", judgeAudit},
		{"I9", "no request that began after a reset or an activation ran with the right of before", judgeRights},
		{"I10", "a counter goes down by a recorded success or reset alone", judgeCounters},
	}
}

// list collects violations.
type list []string

func (l *list) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

func judgeOnce(e *evidence) []string {
	var found list
	served := map[string]int{}
	for _, a := range e.acts {
		if a.answer == gotIn && (a.kind == "code" || a.kind == "app" || a.kind == "recovery") {
			served[a.kind+" "+a.key]++
		}
	}
	for _, key := range program.SortedKeys(served) {
		if served[key] > 1 {
			found.add("%s let somebody in %d times", key, served[key])
		}
	}
	return found
}

func secondFactor(detail string) bool {
	return detail == "sms" || detail == "otp" || detail == "recovery"
}

func judgeSessions(e *evidence) []string {
	var found list
	level2, proofs, bySMS, verified := map[int64]int{}, map[int64]int{}, map[int64]int{}, map[int64]int{}
	users := map[int64]bool{}
	for _, s := range e.sessions {
		if users[s.UserID] = true; s.Level == 2 {
			level2[s.UserID]++
		}
	}
	for _, a := range e.audit {
		if a.Action == "signed_in" && secondFactor(a.Detail) {
			users[a.Actor] = true
			proofs[a.Actor]++
			if a.Detail == "sms" {
				bySMS[a.Actor]++
			}
		}
	}
	for _, c := range e.challenges {
		if c.Outcome == "verified" && (c.Purpose == "sign_in" || c.Purpose == "enrol") {
			users[c.UserID] = true
			verified[c.UserID]++
		}
	}
	for id := range users {
		if level2[id] != proofs[id] {
			found.add("user %d has %d sessions of two factors and proved one %d times", id, level2[id], proofs[id])
		}
		if bySMS[id] != verified[id] {
			found.add("user %d has %d verified challenges and signed in by text %d times", id, verified[id], bySMS[id])
		}
	}
	slices.Sort(found)
	return found
}

func judgeTries(e *evidence) []string {
	var found list
	compared := map[string]int{}
	for _, a := range e.acts {
		if a.kind == "code" && (a.answer == gotIn || a.answer == gotWrong) {
			compared[a.key]++
		}
	}
	for _, c := range e.challenges {
		n := compared[c.Ref]
		if n > 5 || c.Tries > 5 {
			found.add("challenge %d was compared %d times, charged %d times", c.ID, n, c.Tries)
		}
		if n > c.Tries {
			found.add("challenge %d was compared %d times and charged only %d times", c.ID, n, c.Tries)
		}
		if c.Outcome == "verified" && c.Tries == 0 {
			found.add("challenge %d was verified without a try", c.ID)
		}
	}
	// What was wrong since the last success is in the user's count. A wrong try that began before that success may have
	// been charged before it, however late its answer came.
	acts := slices.Clone(e.acts)
	slices.SortStableFunc(acts, func(a, b act) int { return a.ended.Compare(b.ended) })
	since, won := map[int64]int{}, map[int64]time.Time{}
	for _, a := range acts {
		switch {
		case a.kind != "code" && a.kind != "app" && a.kind != "recovery" && a.kind != "reset":
		case a.answer == gotIn || a.answer == gotDone || a.answer == gotUnknown || a.answer == gotBusy:
			since[a.user], won[a.user] = 0, a.ended // or may have been: a request that seemed lost can still succeed
		case a.answer == gotWrong && !a.began.Before(won[a.user]):
			since[a.user]++
		}
	}
	counts := map[int64]int{}
	for _, f := range e.failures {
		counts[f.UserID] = f.InARow
	}
	for id, n := range since {
		if n > counts[id] {
			found.add("user %d was refused %d times in a row and %d are counted", id, n, counts[id])
		}
	}
	slices.Sort(found)
	return found
}

func judgeJobs(e *evidence) []string {
	var found list
	type key struct {
		challenge int64
		no        int
	}
	jobs, messages := map[key]int{}, map[key]bool{}
	for _, j := range e.jobs {
		jobs[key{j.ChallengeID, j.SendNo}]++
	}
	for _, m := range e.messages {
		k := key{m.ChallengeID, m.SendNo}
		messages[k] = true
		if jobs[k] != 1 {
			found.add("message %d (challenge %d, number %d) has %d jobs", m.ID, m.ChallengeID, m.SendNo, jobs[k])
		}
	}
	for _, j := range e.jobs {
		if !messages[key{j.ChallengeID, j.SendNo}] {
			found.add("job %d is for message %d of challenge %d, which does not exist", j.ID, j.SendNo, j.ChallengeID)
		}
	}
	first := map[int64]bool{}
	for _, m := range e.messages {
		first[m.ChallengeID] = first[m.ChallengeID] || m.SendNo == 1
	}
	for _, c := range e.challenges {
		if !first[c.ID] {
			found.add("challenge %d has no message", c.ID)
		}
	}
	return found
}

func judgeCalls(e *evidence) []string {
	var found list
	calls := map[string]int{}
	codes := map[string]map[string]bool{}
	for _, m := range e.calls {
		ref, _, _ := strings.Cut(m.Ref, ".")
		if codes[ref] == nil {
			codes[ref] = map[string]bool{}
		}
		if code := program.BoundCode.FindStringSubmatch(m.Text); code != nil {
			codes[ref][code[1]] = true
		}
	}
	for _, m := range program.MayHaveSent(e.calls) {
		calls[m.Ref]++
	}
	for _, ref := range program.SortedKeys(calls) {
		if calls[ref] > 2 {
			found.add("message %s may have been sent %d times", ref, calls[ref])
		}
	}
	for _, ref := range program.SortedKeys(codes) {
		if len(codes[ref]) != 1 {
			found.add("challenge %s was sent with %d codes", ref, len(codes[ref]))
		}
	}
	return found
}

func judgeLeft(e *evidence) []string {
	var found list
	expired := map[int64]time.Duration{}
	for _, c := range e.challenges {
		expired[c.ID] = c.Expired
	}
	for _, j := range e.jobs {
		switch j.State {
		case "completed", "cancelled", "discarded":
			continue
		}
		if ago := expired[j.ChallengeID]; ago > 90*time.Second {
			found.add("job %d is %s, and its challenge %d expired %s ago", j.ID, j.State, j.ChallengeID, ago.Round(time.Second))
		}
	}
	return found
}

func judgeShown(e *evidence) []string {
	var found list
	over := map[int64]bool{}
	for _, c := range e.challenges {
		over[c.ID] = c.Outcome != "" || c.Expired > 0
	}
	for _, m := range e.messages {
		shown := m.State == "accepted" || m.State == "delivered"
		switch {
		case shown && m.Sent == 0:
			found.add("message %d is shown as %s and no call was taken", m.ID, m.State)
		case !shown && over[m.ChallengeID] && (!m.Final || m.State != "failed" && m.State != "unsure"):
			found.add("message %d of challenge %d, which is over, stays %s (final: %t)", m.ID, m.ChallengeID, m.State, m.Final)
		}
	}
	for _, a := range e.acts {
		if a.kind == "line" && a.key == "" {
			found.add("user %d read at %s that the message is accepted, and the provider had none", a.user,
				a.ended.Format("15:04:05.000"))
		}
	}
	return found
}

func judgeAudit(e *evidence) []string {
	var found list
	begun, written := map[int64]int{}, map[int64]int{}
	refused, refusals := map[int64]int{}, map[int64]int{}
	passwords, passwordRefusals := map[int64]int{}, map[int64]int{}
	for _, s := range e.sessions {
		begun[s.UserID]++
	}
	for _, a := range e.audit {
		switch {
		case a.Action == "password_accepted", a.Action == "signed_in" && a.Detail == "password":
			written[a.Actor]++
		case a.Action == "second_factor_refused":
			refusals[a.Actor]++
		case a.Action == "sign_in_refused":
			passwordRefusals[a.Actor]++
		}
	}
	for _, a := range e.acts {
		switch {
		case a.answer != gotWrong:
		case a.kind == "password":
			passwords[a.user]++
		default:
			refused[a.user]++
		}
	}
	for id, n := range begun {
		if written[id] != n {
			found.add("user %d began %d sessions and %d are written down", id, n, written[id])
		}
	}
	for id, n := range refused {
		if refusals[id] < n {
			found.add("user %d was refused a second factor %d times and %d are written down", id, n, refusals[id])
		}
	}
	for id, n := range passwords {
		if passwordRefusals[id] < n {
			found.add("user %d was refused a password %d times and %d are written down", id, n, passwordRefusals[id])
		}
	}
	slices.Sort(found)
	return found
}

func judgeRights(e *evidence) []string {
	var found list
	for _, p := range e.acts {
		if p.kind != "page" || p.answer != gotIn {
			continue
		}
		for _, change := range e.acts {
			if change.answer != gotDone || !change.ended.Before(p.began) || !p.since.Before(change.began) {
				continue
			}
			switch {
			case change.kind == "reset" && change.user == p.user:
				found.add("user %d, reset at %s, was shown a page at %s in a session of before", p.user,
					change.ended.Format("15:04:05.000"), p.began.Format("15:04:05.000"))
			case change.kind == "activate" && change.office == p.office && p.factor < 2 && !switchedOff(e.acts, change, p):
				found.add("user %d, with one factor in office %d that demands two since %s, was shown a page at %s", p.user,
					p.office,
					change.ended.Format("15:04:05.000"), p.began.Format("15:04:05.000"))
			}
		}
	}
	return found
}

// switchedOff reports whether the activation may have been undone before the page.
func switchedOff(acts []act, activation, p act) bool {
	return slices.ContainsFunc(acts, func(a act) bool {
		return a.kind == "switch_off" && a.office == p.office && a.ended.After(activation.began) && a.began.Before(p.ended)
	})
}

func judgeCounters(e *evidence) []string {
	var found list
	type key struct {
		counter string
		id      int64
	}
	last := map[key]sample{}
	for _, s := range e.samples {
		k := key{s.counter, s.id}
		if before, ok := last[k]; ok && s.value < before.value && s.successes <= before.successes {
			found.add("%s %d went from %d to %d without a success on record", s.counter, s.id, before.value, s.value)
		}
		last[k] = s
	}
	return found
}
