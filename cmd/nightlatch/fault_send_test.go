package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// blocked reports whether somebody in this database waits for a lock.
func (in *installation) blocked() bool {
	return in.ask("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") != "0"
}

// stuck makes a running send look as old as one whose worker died a while ago, so that a test need not wait a minute for
// its rescue.
func (in *installation) stuck() {
	in.exec("update river_job set attempted_at = attempted_at - interval '5 minutes' where kind = 'send_code' and state = 'running'")
}

// mayHaveSent are the calls after which a text may be on a phone, whatever the sender heard.
func mayHaveSent(calls []smstest.Message) []smstest.Message {
	var all []smstest.Message
	for _, m := range calls {
		if m.Accepted || m.Step == "500" {
			all = append(all, m)
		}
	}
	return all
}

// soon submits the code, again while the answer is 503, until it leads in.
func (b *browser) soon(within time.Duration, code string) {
	b.t.Helper()
	eventually(b.t, within, "the code leads in", func() bool {
		p, err := b.try("POST", "/login/code", map[string][]string{"code": {code}})
		return err == nil && p.status == 200 && p.url.Path == "/settings/me"
	})
}

// moment is a step of a send in which a worker is caught.
type moment struct {
	name   string
	script []smstest.Step
	// before makes the worker come no further than this step, and through waits until it is there.
	before  func(in *installation) (release func())
	through func(in *installation) (release func())
}

func moments() []moment {
	nothing := func(*installation) func() { return func() {} }
	isBlocked := func(in *installation) { eventually(in.t, 10*time.Second, "the worker is held up", in.blocked) }
	return []moment{
		{"before the call", nil, func(in *installation) func() { return in.hold("select 1 from challenges for update") },
			func(in *installation) func() { isBlocked(in); return func() {} }},
		{"during the call", steps(smstest.Slow(3 * time.Second)), nothing,
			func(in *installation) func() { in.texts(1, 10*time.Second); return func() {} }},
		{"after the answer", steps(smstest.Slow(time.Second)), nothing, func(in *installation) func() {
			in.texts(1, 10*time.Second)
			release := in.hold("select 1 from messages for update")
			isBlocked(in)
			return release
		}},
	}
}

// F5, F6, F8: whatever befalls the worker of a send, and at whatever step, the code arrives, at most twice, and works.
func TestWhateverBefallsASendItsCodeArrivesAtMostTwice(t *testing.T) {
	t.Parallel()
	for _, m := range moments() {
		for name, befall := range map[string]func(in *installation, worker *node, release func()){
			"killed":     killed,
			"stopped":    stopped,
			"terminated": terminated,
		} {
			t.Run(name+" "+m.name, func(t *testing.T) {
				t.Parallel()
				in := install(t, m.script...)
				in.user("jdoe", "user", itsNumber)
				web := spawn(t, in.env, "--only", "web").rough()
				b := newBrowser(t, web.url)
				b.logIn("ACME", "jdoe", password).on("/login/code")
				release := m.before(in)
				worker := spawn(t, in.env, "--only", "work").rough()
				after := m.through(in)
				befall(in, worker, func() { release(); after() })
				b.lineSays(time.Minute, lineAccepted, "current")
				if n := len(mayHaveSent(in.sms.Received())); n < 1 || n > 2 {
					t.Errorf("the message may have been sent %d times", n)
				}
				b.soon(15*time.Second, in.theCode())
				eventually(t, 20*time.Second, "the one job is over", func() bool {
					return in.ask("select count(*) || ' ' || count(*) filter (where finalized_at is not null) from river_job where kind = 'send_code'") == "1 1"
				})
				if n := in.ask("select count(*) from sessions where level = 2"); n != "1" {
					t.Errorf("%s sessions have a second factor", n)
				}
			})
		}
	}
}

func killed(in *installation, worker *node, release func()) {
	worker.kill()
	release()
	in.stuck()
	spawn(in.t, in.env, "--only", "work").rough()
}

// stopped stops the process, as a pause of its machine does, for so long that another takes its job; then it goes on.
func stopped(in *installation, worker *node, release func()) {
	worker.signal(syscall.SIGSTOP)
	release()
	in.stuck()
	spawn(in.t, in.env, "--only", "work").rough()
	defer worker.signal(syscall.SIGCONT)
	eventually(in.t, 90*time.Second, "another worker finishes the send", func() bool {
		return in.ask("select string_agg(state, ' ') from messages where final") == "accepted"
	})
}

// terminated is a deploy in the middle of a send.
func terminated(in *installation, worker *node, release func()) {
	began := time.Now()
	worker.stop()
	time.Sleep(500 * time.Millisecond)
	release()
	if err := worker.end(); err != nil {
		in.t.Errorf("the worker ended with %v", err)
	}
	if took := time.Since(began); took > bound(20*time.Second) {
		in.t.Errorf("the stop took %s", took)
	}
	spawn(in.t, in.env, "--only", "work").rough()
}

// F8 in full, in the long runs: 90 s are longer than everything that has a time limit.
func TestAWorkerStoppedForNinetySecondsSendsNoThirdMessage(t *testing.T) {
	if !long() {
		t.Skip("make chaos runs it")
	}
	t.Parallel()
	in := install(t, smstest.Slow(2*time.Second))
	in.user("jdoe", "user", itsNumber)
	web := spawn(t, in.env, "--only", "web").rough()
	b := newBrowser(t, web.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	worker := spawn(t, in.env, "--only", "work").rough()
	in.texts(1, 10*time.Second)
	worker.signal(syscall.SIGSTOP)
	spawn(t, in.env, "--only", "work").rough()
	time.Sleep(90 * time.Second)
	worker.signal(syscall.SIGCONT)
	b.lineSays(time.Minute, lineAccepted, "current")
	time.Sleep(5 * time.Second)
	if n := len(mayHaveSent(in.sms.Received())); n > 2 {
		t.Errorf("the message may have been sent %d times", n)
	}
	b.soon(15*time.Second, in.theCode())
}

// A lock that keeps the outcome from being written costs a second message with the same code, and no more.
func TestAnOutcomeThatCannotBeWrittenCostsOneMoreCall(t *testing.T) {
	t.Parallel()
	in := install(t, smstest.Slow(time.Second))
	in.user("jdoe", "user", itsNumber)
	n := spawn(t, in.env).rough()
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	release := in.hold("select 1 from messages for update")
	eventually(t, 10*time.Second, "the outcome waits", in.blocked)
	eventually(t, 10*time.Second, "the worker gives up waiting", func() bool {
		return in.ask("select state from river_job where kind = 'send_code'") != "running"
	})
	release()
	in.texts(2, 20*time.Second)
	b.lineSays(10*time.Second, lineAccepted, "current")
	time.Sleep(2 * time.Second)
	if calls := len(in.sms.Received()); calls != 2 {
		t.Errorf("the provider was called %d times", calls)
	}
	if strings.Contains(n.log.String(), in.theCode()+" is your") {
		t.Error("the log holds the message")
	}
	b.soon(15*time.Second, in.theCode())
}
