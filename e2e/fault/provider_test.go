package fault

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const lineWhatToDo = "You can wait, or try another way."

// F2: the provider is away for longer than a code lives.
func TestAfterAnOutageNoExpiredCodeIsSentAndTheNextGoesOut(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]smstest.Step{"503": smstest.HTTP(503), "silence": smstest.Hang()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const users = 6
			in := program.Install(t, outage.Times(1_000_000))
			in.User("jdoe", "user", "")
			in.Crowd(users+1, "jdoe")
			n := program.Spawn(t, in.Env).Rough()
			var waiting []*program.Browser
			var queued []time.Time
			for i := range users {
				b := program.NewBrowser(t, n.URL)
				b.LogIn("ACME", fmt.Sprintf("u%d", i+1), program.Password).On("/login/code").Says("Try another way")
				waiting, queued = append(waiting, b), append(queued, time.Now())
			}
			for i, b := range waiting {
				program.Eventually(t, program.Bound(10*time.Second)-time.Since(queued[i]),
					"the line says that the message is delayed and what to do", func() bool {
						words, _, _ := b.Line()
						return strings.Contains(words, lineWhatToDo)
					})
				t.Logf("told %s after the log-in", time.Since(queued[i]).Round(time.Millisecond))
			}
			in.Later(6)
			program.Eventually(t, 40*time.Second, "no job is left", func() bool {
				return in.Ask("select count(*) from river_job where kind = 'send_code' and finalized_at is null") == "0"
			})
			before := len(in.SMS.Received())
			in.SMS.Script() // back
			for _, b := range waiting {
				b.Get("/login/code").Says("This code has expired")
			}
			next := program.NewBrowser(t, n.URL)
			next.LogIn("ACME", fmt.Sprintf("u%d", users+1), program.Password).On("/login/code")
			came := time.Now()
			in.Texts(before+1, program.Bound(30*time.Second))
			var code string
			program.Eventually(t, program.Bound(30*time.Second)-time.Since(came), "the next log-in's code is out", func() bool {
				accepted := in.SMS.Accepted()
				if len(accepted) == 0 || accepted[len(accepted)-1].Step != "0" {
					return false
				}
				code = program.CodeIn(t, accepted[len(accepted)-1].Text)
				return true
			})
			next.LineSays(10*time.Second, program.LineAccepted, "current")
			next.Enters(code).On("/settings/me")
			time.Sleep(6 * time.Second) // more than the longest wait between two tries
			mine := strings.TrimPrefix(in.Ask("select number from mobile_numbers m join users u on u.id = m.user_id where "+
				"username = $1", fmt.Sprintf("u%d", users+1)), "+")
			for _, m := range in.SMS.Received()[before:] {
				if m.To != mine {
					t.Errorf("after the outage a code that had expired was sent (%s)", m.Step)
				}
			}
			if got := in.Ask("select count(*) from river_job where kind = 'send_code' and finalized_at is null"); got != "0" {
				t.Errorf("%s jobs are left", got)
			}
		})
	}
}

// F2 in full, for make chaos alone: ten real minutes without a provider, during which users come and wait.
func TestTheProviderIsAwayForTenMinutes(t *testing.T) {
	if !program.Long() {
		return
	}
	t.Parallel()
	const users = 20
	in := program.Install(t, smstest.HTTP(503).Times(1_000_000))
	in.User("jdoe", "user", "")
	in.Crowd(users+1, "jdoe")
	n := program.Spawn(t, in.Env).Rough()
	for i := range users {
		b := program.NewBrowser(t, n.URL)
		b.LogIn("ACME", fmt.Sprintf("u%d", i+1), program.Password).On("/login/code")
		came := time.Now()
		program.Eventually(t, program.Bound(10*time.Second), "the line says that the message is delayed and what to do",
			func() bool {
				words, _, _ := b.Line()
				return strings.Contains(words, lineWhatToDo)
			})
		time.Sleep(30*time.Second - time.Since(came))
	}
	before := len(in.SMS.Received())
	expired := in.Ask("select count(*) from challenges where outcome = 'expired'")
	in.SMS.Script() // back
	next := program.NewBrowser(t, n.URL)
	next.LogIn("ACME", fmt.Sprintf("u%d", users+1), program.Password).On("/login/code")
	came := time.Now()
	next.LineSays(program.Bound(30*time.Second), program.LineAccepted, "current")
	t.Logf("after ten minutes: %s codes had expired, %d calls were refused; the next code was out %s after its log-in",
		expired, before, time.Since(came).Round(time.Millisecond))
	time.Sleep(15 * time.Second)
	live := map[string]bool{}
	for i := users - 10; i <= users+1; i++ { // who came in the last five minutes still waits, rightly
		live[strings.TrimPrefix(in.Ask("select number from mobile_numbers m join users u on u.id = m.user_id where "+
			"username = $1", fmt.Sprintf("u%d", i)), "+")] = true
	}
	for _, m := range in.SMS.Received()[before:] {
		if !live[m.To] {
			t.Errorf("a code that had expired was sent (%s)", m.Step)
		}
	}
	if got := in.Ask(`select count(*) from river_job j join challenges c on c.id = (j.args->>'challenge_id')::bigint
		where j.kind = 'send_code' and j.finalized_at is null and c.expires_at < now()`); got != "0" {
		t.Errorf("%s jobs of expired codes are left", got)
	}
}

// F13: what waits in other queues delays no log-in.
func TestABacklogOfFiftyThousandJobsDelaysNoLogin(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", program.ItsNumber)
	in.Exec(`insert into river_job (kind, queue, args, max_attempts, priority, state)
		select 'send_mail', 'mail', jsonb_build_object('mail_id', i), 3, 1, 'available' from generate_series(1, 50000) i`)
	in.Exec(`insert into river_job (kind, queue, args, max_attempts, priority, state)
		select 'upkeep', 'upkeep', '{}', 3, 1, 'available' from generate_series(1, 2000)`)
	n := program.Spawn(t, in.Env).Rough()
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	began := time.Now()
	in.Texts(1, program.Bound(10*time.Second))
	// However quick the machine is, the code has not waited for what stood before it.
	left := in.Ask("select count(*) from river_job where queue = 'mail' and state = 'available'")
	if left == "0" {
		t.Error("the mails that waited before the code are gone")
	}
	t.Logf("handed over %s after the log-in, with %s mails left", time.Since(began), left)
	b.LineSays(10*time.Second, program.LineAccepted, "current")
	b.Enters(in.TheCode()).On("/settings/me")
}
