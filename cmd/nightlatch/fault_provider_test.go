package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const lineWhatToDo = "You can wait, or try another way."

// later lets minutes go by for everything that waits: rows are moved back, since no test waits for a code to expire.
func (in *installation) later(minutes int) {
	in.exec(`update challenges set created_at = created_at - $1 * interval '1 minute', asked_at = asked_at - $1 * interval '1 minute',
		expires_at = expires_at - $1 * interval '1 minute'`, minutes)
	in.exec("update messages set queued_at = queued_at - $1 * interval '1 minute'", minutes)
}

// F2: the provider is away for longer than a code lives.
func TestAfterAnOutageNoExpiredCodeIsSentAndTheNextGoesOut(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]smstest.Step{"503": smstest.HTTP(503), "silence": smstest.Hang()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const users = 6
			in := install(t, outage.Times(1_000_000))
			in.user("jdoe", "user", "")
			in.crowd(users+1, "jdoe")
			n := spawn(t, in.env).rough()
			var waiting []*browser
			var queued []time.Time
			for i := range users {
				b := newBrowser(t, n.url)
				b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code").says("Try another way")
				waiting, queued = append(waiting, b), append(queued, time.Now())
			}
			for i, b := range waiting {
				eventually(t, bound(10*time.Second)-time.Since(queued[i]), "the line says that the message is delayed and what to do", func() bool {
					words, _, _ := b.line()
					return strings.Contains(words, lineWhatToDo)
				})
				t.Logf("told %s after the log-in", time.Since(queued[i]).Round(time.Millisecond))
			}
			in.later(6)
			eventually(t, 40*time.Second, "no job is left", func() bool {
				return in.ask("select count(*) from river_job where kind = 'send_code' and finalized_at is null") == "0"
			})
			before := len(in.sms.Received())
			in.sms.Script() // back
			for _, b := range waiting {
				b.get("/login/code").says("This code has expired")
			}
			next := newBrowser(t, n.url)
			next.logIn("ACME", fmt.Sprintf("u%d", users+1), password).on("/login/code")
			came := time.Now()
			in.texts(before+1, bound(30*time.Second))
			var code string
			eventually(t, bound(30*time.Second)-time.Since(came), "the next log-in's code is out", func() bool {
				accepted := in.sms.Accepted()
				if len(accepted) == 0 || accepted[len(accepted)-1].Step != "0" {
					return false
				}
				code = codeIn(t, accepted[len(accepted)-1].Text)
				return true
			})
			next.lineSays(10*time.Second, lineAccepted, "current")
			next.enters(code).on("/settings/me")
			time.Sleep(6 * time.Second) // more than the longest wait between two tries
			mine := strings.TrimPrefix(in.ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = $1", fmt.Sprintf("u%d", users+1)), "+")
			for _, m := range in.sms.Received()[before:] {
				if m.To != mine {
					t.Errorf("after the outage a code that had expired was sent (%s)", m.Step)
				}
			}
			if got := in.ask("select count(*) from river_job where kind = 'send_code' and finalized_at is null"); got != "0" {
				t.Errorf("%s jobs are left", got)
			}
		})
	}
}

// F2 in full, for make chaos alone: ten real minutes without a provider, during which users come and wait.
func TestTheProviderIsAwayForTenMinutes(t *testing.T) {
	if !long() {
		return
	}
	t.Parallel()
	const users = 20
	in := install(t, smstest.HTTP(503).Times(1_000_000))
	in.user("jdoe", "user", "")
	in.crowd(users+1, "jdoe")
	n := spawn(t, in.env).rough()
	for i := range users {
		b := newBrowser(t, n.url)
		b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code")
		came := time.Now()
		eventually(t, bound(10*time.Second), "the line says that the message is delayed and what to do", func() bool {
			words, _, _ := b.line()
			return strings.Contains(words, lineWhatToDo)
		})
		time.Sleep(30*time.Second - time.Since(came))
	}
	before := len(in.sms.Received())
	expired := in.ask("select count(*) from challenges where outcome = 'expired'")
	in.sms.Script() // back
	next := newBrowser(t, n.url)
	next.logIn("ACME", fmt.Sprintf("u%d", users+1), password).on("/login/code")
	came := time.Now()
	next.lineSays(bound(30*time.Second), lineAccepted, "current")
	t.Logf("after ten minutes: %s codes had expired, %d calls were refused; the next code was out %s after its log-in", expired, before, time.Since(came).Round(time.Millisecond))
	time.Sleep(15 * time.Second)
	live := map[string]bool{}
	for i := users - 10; i <= users+1; i++ { // who came in the last five minutes still waits, rightly
		live[strings.TrimPrefix(in.ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = $1", fmt.Sprintf("u%d", i)), "+")] = true
	}
	for _, m := range in.sms.Received()[before:] {
		if !live[m.To] {
			t.Errorf("a code that had expired was sent (%s)", m.Step)
		}
	}
	if got := in.ask(`select count(*) from river_job j join challenges c on c.id = (j.args->>'challenge_id')::bigint
		where j.kind = 'send_code' and j.finalized_at is null and c.expires_at < now()`); got != "0" {
		t.Errorf("%s jobs of expired codes are left", got)
	}
}

// F13: what waits in other queues delays no log-in.
func TestABacklogOfFiftyThousandJobsDelaysNoLogin(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", itsNumber)
	in.exec(`insert into river_job (kind, queue, args, max_attempts, priority, state)
		select 'send_mail', 'mail', jsonb_build_object('mail_id', i), 3, 1, 'available' from generate_series(1, 50000) i`)
	in.exec(`insert into river_job (kind, queue, args, max_attempts, priority, state)
		select 'upkeep', 'upkeep', '{}', 3, 1, 'available' from generate_series(1, 2000)`)
	n := spawn(t, in.env).rough()
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	began := time.Now()
	in.texts(1, bound(10*time.Second))
	t.Logf("handed over %s after the log-in", time.Since(began))
	b.lineSays(10*time.Second, lineAccepted, "current")
	b.enters(in.theCode()).on("/settings/me")
}
