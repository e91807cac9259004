package fault

import (
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// takenOver is less than the minute after which River itself takes up what a dead worker had under way, and much more
// than the eight seconds after which the living do.
const takenOver = 45 * time.Second

func TestAfterAKillInTheMiddleOfASendTheCodeIsSentAtMostOnceMore(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]smstest.Step{"while the provider thinks": smstest.Slow(5 * time.Second),
		"without an answer": smstest.Hang()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := program.Install(t, step, smstest.Accept())
			in.User("jdoe", "user", program.ItsNumber)
			web := program.Spawn(t, in.Env, "--only", "web")
			worker := program.Spawn(t, in.Env, "--only", "work")
			b := program.NewBrowser(t, web.URL)
			b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
			in.Texts(1, 10*time.Second)
			worker.Kill()
			program.Spawn(t, in.Env, "--only", "work")
			in.Texts(2, takenOver)
			b.LineSays(10*time.Second, "Accepted by the provider", "current")
			if n := len(in.SMS.Received()); n != 2 {
				t.Errorf("the provider was called %d times", n)
			}
			b.Enters(in.TheCode()).On("/settings/me")
		})
	}
}

func TestAfterAKillBeforeTheSendTheCodeIsSentOnce(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", program.ItsNumber)
	web := program.Spawn(t, in.Env, "--only", "web") // nobody works jobs yet
	b := program.NewBrowser(t, web.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	web.Kill()
	both := program.Spawn(t, in.Env)
	in.Texts(1, 10*time.Second)
	moved := program.NewBrowser(t, both.URL)
	moved.Client.Jar.SetCookies(program.MustURL(t, both.URL), b.Client.Jar.Cookies(program.MustURL(t, b.At)))
	moved.Enters(in.TheCode()).On("/settings/me")
	if n := len(in.SMS.Received()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
}

func TestAStopInTheMiddleOfASendLosesNothing(t *testing.T) {
	t.Parallel()
	in := program.Install(t, smstest.Slow(2*time.Second), smstest.Accept())
	in.User("jdoe", "user", program.ItsNumber)
	web := program.Spawn(t, in.Env, "--only", "web")
	worker := program.Spawn(t, in.Env, "--only", "work")
	b := program.NewBrowser(t, web.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	if err := worker.End(); err != nil {
		t.Errorf("the worker ended with %v", err)
	}
	b.LineSays(5*time.Second, "Accepted by the provider", "current")
	b.Enters(in.TheCode()).On("/settings/me")
	if n := len(in.SMS.Received()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
}

func TestTwoNodesAreOneHouse(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("boss", "superuser", "+31687654321")
	in.User("jdoe", "user", program.ItsNumber)
	in.Exec("update offices set two_factor_required = false")
	one, two := program.Spawn(t, in.Env), program.Spawn(t, in.Env)
	onOne, onTwo := program.NewBrowser(t, one.URL), program.NewBrowser(t, two.URL)
	onOne.LogIn("ACME", "boss", program.Password).On("/settings/me")
	onTwo.LogIn("ACME", "jdoe", program.Password).On("/settings/me")

	// Activated on one, in force on the other.
	onOne.Get("/settings/office/general").Press("No").Press("Save").Press("Yes, activate this setting")
	began := time.Now()
	program.Eventually(t, time.Second, "the other node leads to the second step", func() bool {
		return onTwo.Get("/settings/me").URL.Path == "/login/code"
	})
	t.Logf("the other node knew after %s", time.Since(began))

	// Begun on one, finished on the other, by one of fifty who know the code.
	onTwo.Get("/login/code").Press("Send code").On("/login/code")
	in.Texts(1, 10*time.Second)
	code := in.TheCode()
	cookies := onTwo.Client.Jar.Cookies(program.MustURL(t, two.URL))
	var winners sync.Map
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			b := program.NewBrowser(t, []string{one.URL, two.URL}[i%2])
			b.Client.Jar.SetCookies(program.MustURL(t, b.At), cookies)
			p, err := b.Try("POST", "/login/code", map[string][]string{"code": {code}})
			if err == nil && p.URL.Path == "/settings/me" && p.Status == 200 {
				winners.Store(i, true)
			}
		})
	}
	all.Wait()
	count := 0
	winners.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d of fifty got in with one code", count)
	}
	if n := in.Ask("select count(*) from sessions where level = 2"); n != "1" {
		t.Errorf("%s sessions have a second factor", n)
	}
}
