package fault

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// moment is a step of a send in which a worker is caught.
type moment struct {
	name   string
	script []smstest.Step
	// before makes the worker come no further than this step, and through waits until it is there.
	before  func(in *program.Installation) (release func())
	through func(in *program.Installation) (release func())
}

func moments() []moment {
	nothing := func(*program.Installation) func() { return func() {} }
	isBlocked := func(in *program.Installation) {
		program.Eventually(in.T, 10*time.Second, "the worker is held up", in.Blocked)
	}
	return []moment{
		{"before the call", nil, func(in *program.Installation) func() {
			return in.Hold("select 1 from challenges for update")
		},
			func(in *program.Installation) func() { isBlocked(in); return func() {} }},
		{"during the call", program.Steps(smstest.Slow(3 * time.Second)), nothing,
			func(in *program.Installation) func() { in.Texts(1, 10*time.Second); return func() {} }},
		{"after the answer", program.Steps(smstest.Slow(time.Second)), nothing, func(in *program.Installation) func() {
			in.Texts(1, 10*time.Second)
			release := in.Hold("select 1 from messages for update")
			isBlocked(in)
			return release
		}},
	}
}

// F5, F6, F8: whatever befalls the worker of a send, and at whatever step, the code arrives, at most twice, and works.
func TestWhateverBefallsASendItsCodeArrivesAtMostTwice(t *testing.T) {
	t.Parallel()
	for _, m := range moments() {
		for name, befall := range map[string]func(in *program.Installation, worker *program.Node, release func()){
			"killed":     killed,
			"stopped":    stopped,
			"terminated": terminated,
		} {
			t.Run(name+" "+m.name, func(t *testing.T) {
				t.Parallel()
				in := program.Install(t, m.script...)
				in.User("jdoe", "user", program.ItsNumber)
				web := program.Spawn(t, in.Env, "--only", "web").Rough()
				b := program.NewBrowser(t, web.URL)
				b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
				release := m.before(in)
				worker := program.Spawn(t, in.Env, "--only", "work").Rough()
				after := m.through(in)
				befall(in, worker, func() { release(); after() })
				b.LineSays(time.Minute, program.LineAccepted, "current")
				if n := len(program.MayHaveSent(in.SMS.Received())); n < 1 || n > 2 {
					t.Errorf("the message may have been sent %d times", n)
				}
				b.Soon(15*time.Second, in.TheCode())
				program.Eventually(t, 20*time.Second, "the one job is over", func() bool {
					return in.Ask("select count(*) || ' ' || count(*) filter (where finalized_at is not null) from river_job where "+
						"kind = 'send_code'") == "1 1"
				})
				if n := in.Ask("select count(*) from sessions where level = 2"); n != "1" {
					t.Errorf("%s sessions have a second factor", n)
				}
			})
		}
	}
}

func killed(in *program.Installation, worker *program.Node, release func()) {
	worker.Kill()
	release()
	program.Spawn(in.T, in.Env, "--only", "work").Rough()
}

// stopped stops the process, as a pause of its machine does, for so long that it counts as dead and another takes its
// job; then it goes on.
func stopped(in *program.Installation, worker *program.Node, release func()) {
	worker.Signal(syscall.SIGSTOP)
	release()
	program.Spawn(in.T, in.Env, "--only", "work").Rough()
	defer worker.Signal(syscall.SIGCONT)
	program.Eventually(in.T, 90*time.Second, "another worker finishes the send", func() bool {
		return in.Ask("select string_agg(state, ' ') from messages where final") == "accepted"
	})
}

// terminated is a deploy in the middle of a send.
func terminated(in *program.Installation, worker *program.Node, release func()) {
	began := time.Now()
	worker.Terminate()
	time.Sleep(500 * time.Millisecond)
	release()
	if err := worker.End(); err != nil {
		in.T.Errorf("the worker ended with %v", err)
	}
	if took := time.Since(began); took > program.Bound(20*time.Second) {
		in.T.Errorf("the stop took %s", took)
	}
	program.Spawn(in.T, in.Env, "--only", "work").Rough()
}

// F8 in full, in the long runs: 90 s are longer than everything that has a time limit.
func TestAWorkerStoppedForNinetySecondsSendsNoThirdMessage(t *testing.T) {
	if !program.Long() {
		t.Skip("make chaos runs it")
	}
	t.Parallel()
	in := program.Install(t, smstest.Slow(2*time.Second))
	in.User("jdoe", "user", program.ItsNumber)
	web := program.Spawn(t, in.Env, "--only", "web").Rough()
	b := program.NewBrowser(t, web.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	worker := program.Spawn(t, in.Env, "--only", "work").Rough()
	in.Texts(1, 10*time.Second)
	worker.Signal(syscall.SIGSTOP)
	program.Spawn(t, in.Env, "--only", "work").Rough()
	time.Sleep(90 * time.Second)
	worker.Signal(syscall.SIGCONT)
	b.LineSays(time.Minute, program.LineAccepted, "current")
	time.Sleep(5 * time.Second)
	if n := len(program.MayHaveSent(in.SMS.Received())); n > 2 {
		t.Errorf("the message may have been sent %d times", n)
	}
	b.Soon(15*time.Second, in.TheCode())
}

// A lock that keeps the outcome from being written costs a second message with the same code, and no more.
func TestAnOutcomeThatCannotBeWrittenCostsOneMoreCall(t *testing.T) {
	t.Parallel()
	in := program.Install(t, smstest.Slow(time.Second))
	in.User("jdoe", "user", program.ItsNumber)
	n := program.Spawn(t, in.Env).Rough()
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	release := in.Hold("select 1 from messages for update")
	program.Eventually(t, 10*time.Second, "the outcome waits", in.Blocked)
	program.Eventually(t, 10*time.Second, "the worker gives up waiting", func() bool {
		return in.Ask("select state from river_job where kind = 'send_code'") != "running"
	})
	release()
	in.Texts(2, 20*time.Second)
	b.LineSays(10*time.Second, program.LineAccepted, "current")
	time.Sleep(2 * time.Second)
	if calls := len(in.SMS.Received()); calls != 2 {
		t.Errorf("the provider was called %d times", calls)
	}
	if strings.Contains(n.Log.String(), in.TheCode()+" is your") {
		t.Error("the log holds the message")
	}
	b.Soon(15*time.Second, in.TheCode())
}
