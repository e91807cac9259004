package fault

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// answers are the ends of many requests made at once.
type answers struct {
	mu     sync.Mutex
	status map[int]int
	worst  time.Duration
}

func (a *answers) add(p *program.Page, err error, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == nil {
		a.status = map[int]int{}
	}
	if err != nil {
		a.status[0]++
		return
	}
	a.status[p.Status]++
	a.worst = max(a.worst, took)
}

// F1: the database restarts in the middle of log-ins, three times. Nobody sees anything worse than a page that says so,
// the code that was sent before still works after, and no process is started anew.
func TestARestartOfTheDatabaseMidLoginCostsAPageToTryAgain(t *testing.T) {
	t.Parallel()
	in, pg := program.InstallOnOwn(t)
	in.User("jdoe", "user", "")
	in.Crowd(20, "jdoe")
	n := program.Spawn(t, in.Env).Rough()
	for round := range 3 {
		waiter := program.NewBrowser(t, n.URL)
		waiter.LogIn("ACME", fmt.Sprintf("u%d", round+1), program.Password).On("/login/code")
		m := in.Texts(round+1, 20*time.Second)[round]
		waiter.LineSays(10*time.Second, program.LineAccepted, "current")

		// Pages and log-ins through the whole of it.
		var during answers
		var stop atomic.Bool
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				for tries := 0; !stop.Load(); tries++ {
					b := waiter
					path, method := "/login/code", http.MethodGet
					var form map[string][]string
					if i == 0 { // a password alone: wrong, so that it sends nothing
						b, path, method = program.NewBrowser(t, n.URL), "/login", http.MethodPost
						form = map[string][]string{
							"office": {"ACME"}, "username": {fmt.Sprintf("nobody%d", tries)}, "password": {"wrong"},
						}
					}
					began := time.Now()
					p, err := b.Try(method, path, form)
					during.add(p, err, time.Since(began))
					if err == nil && p.Status == http.StatusServiceUnavailable {
						if !strings.Contains(p.Text(), "Temporarily unavailable") ||
							!strings.Contains(p.Text(), "try again in a few seconds") {
							t.Errorf("the page of a 503 says %s", p.Text())
						}
						if method == http.MethodGet && p.Find("a.button[href='']").Length() == 0 {
							t.Error("the page of a 503 has no way to try again")
						}
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		pg.Restart(500 * time.Millisecond)
		began := time.Now()
		program.Eventually(t, program.Bound(10*time.Second), "the waiting user's page is back", func() bool {
			p, err := waiter.Try(http.MethodGet, "/login/code", nil)
			return err == nil && p.Status == http.StatusOK && p.URL.Path == "/login/code"
		})
		back := time.Since(began)
		stop.Store(true)
		all.Wait()
		for status := range during.status {
			if status != 200 && status != 422 && status != 429 && status != 503 {
				t.Errorf("during the restart %d requests ended with %d", during.status[status], status)
			}
		}
		t.Logf("round %d: %v, the slowest after %s, back after %s", round+1, during.status, during.worst, back)
		in.Pool.Reset()
		waiter.Enters(program.CodeIn(t, m.Text)).On("/settings/me")
	}
	if got := in.Ask("select count(*) from sessions where level = 2"); got != in.Ask(
		"select count(*) from challenges where outcome = 'verified'") || got != "3" {
		t.Errorf("%s sessions have a second factor", got)
	}
	select {
	case <-n.Done:
		t.Errorf("the program ended: %v", n.Err)
	default:
	}
	// And the worker works again.
	program.NewBrowser(t, n.URL).LogIn("ACME", "u9", program.Password).On("/login/code")
	in.Texts(4, 20*time.Second)
}

// F16: PostgreSQL's notification is a convenience; without it the queue is polled.
func TestWithoutItsListenerACodeIsAtMostASecondLater(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "")
	in.Crowd(3, "jdoe")
	n := program.Spawn(t, in.Env).Rough()
	// River listens again after 1, 2, 4 … s: each time twice as late.
	for i := range 3 {
		program.Eventually(t, 30*time.Second, "somebody listens", func() bool {
			return in.Ask("select count(*) from pg_stat_activity where "+program.Ours+" and "+program.Listening) != "0"
		})
		b := program.NewBrowser(t, n.URL)
		form := map[string][]string{"office": {"ACME"}, "username": {fmt.Sprintf("u%d", i+1)}, "password": {program.Password}}
		b.Get("/login")
		if in.Terminate(program.Listening) == 0 {
			t.Fatal("nobody listens")
		}
		b.Post("/login", form).On("/login/code")
		began := time.Now()
		in.Texts(i+1, 10*time.Second)
		if took := time.Since(began); took > program.Bound(time.Second) {
			t.Errorf("without a listener the code left %s after its log-in", took)
		}
	}
}

// Every backend at once, again and again: pages and workers come back by themselves.
func TestTerminatedConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "")
	in.Crowd(3, "jdoe")
	n := program.Spawn(t, in.Env).Rough()
	for i := range 3 {
		b := program.NewBrowser(t, n.URL)
		b.Get("/login")
		if in.Terminate("true") == 0 {
			t.Fatal("the program has no connection")
		}
		program.Eventually(t, program.Bound(10*time.Second), "a log-in works again", func() bool {
			p, err := b.Try(http.MethodPost, "/login", map[string][]string{
				"office": {"ACME"}, "username": {fmt.Sprintf("u%d", i+1)}, "password": {program.Password},
			})
			if err == nil && p.Status != 200 && p.Status != 503 && p.Status != 429 {
				t.Errorf("a log-in answered %d", p.Status)
			}
			return err == nil && p.Status == 200 && p.URL.Path == "/login/code"
		})
		in.Terminate("true") // in the middle of the send, perhaps
		code := ""
		program.Eventually(t, 30*time.Second, "the code is sent", func() bool {
			for _, m := range in.SMS.Accepted() {
				if m.To == strings.TrimPrefix(in.Ask("select number from mobile_numbers m join users u on u.id = m.user_id where "+
					"username = $1", fmt.Sprintf("u%d", i+1)), "+") {
					code = program.CodeIn(t, m.Text)
				}
			}
			return code != ""
		})
		b.Soon(15*time.Second, code)
	}
}

// F14: a retry that is due when River's leader dies runs when another has taken its place.
func TestDueRetriesRunAfterTheLeaderWasKilled(t *testing.T) {
	t.Parallel()
	// A wait of more than five seconds is the leader's to end.
	in := program.Install(t, smstest.RetryAfter(429, "10"))
	in.User("jdoe", "user", program.ItsNumber)
	web := program.Spawn(t, in.Env, "--only", "web")
	leader := program.Spawn(t, in.Env, "--only", "work").Rough()
	of := func() string { return in.Ask("select leader_id from river_leader where expires_at > now()") }
	program.Eventually(t, 30*time.Second, "the first worker leads", func() bool { return of() != "" })
	was := of()
	program.Spawn(t, in.Env, "--only", "work").Rough()
	b := program.NewBrowser(t, web.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	program.Eventually(t, 10*time.Second, "the message waits for its second call", func() bool {
		state := in.Ask("select state from river_job where kind = 'send_code'")
		return state == "scheduled" || state == "retryable"
	})
	leader.Kill()
	due := time.Now().Add(10 * time.Second)
	in.Texts(2, 10*time.Second+program.Bound(30*time.Second))
	if late := time.Since(due); late > program.Bound(30*time.Second) {
		t.Errorf("the retry ran %s after it was due", late)
	} else {
		t.Logf("the retry ran %s after it was due", late)
	}
	if now := of(); now == was {
		t.Errorf("%s is still said to lead", now)
	}
	b.LineSays(10*time.Second, program.LineAccepted, "current")
}

// F17: who cannot be served for a lock is told so in time, and nobody else notices.
func TestALockOnAUserHoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", program.ItsNumber)
	in.Crowd(10, "jdoe")
	n := program.Spawn(t, in.Env).Rough()
	release := in.Hold("select 1 from users where username = 'jdoe' for update")
	began := time.Now()
	var all sync.WaitGroup
	for range 3 { // a user who presses again and again
		all.Go(func() {
			for range 2 {
				b := program.NewBrowser(t, n.URL)
				began := time.Now()
				p, err := b.Try(http.MethodPost, "/login", map[string][]string{
					"office": {"ACME"}, "username": {"jdoe"}, "password": {program.Password},
				})
				if err != nil || p.Status != http.StatusServiceUnavailable && p.Status != http.StatusTooManyRequests {
					t.Errorf("the locked user's log-in ended with %v, %v", p, err)
				}
				if took := time.Since(began); took > program.Bound(6*time.Second) {
					t.Errorf("the locked user waited %s for an answer", took)
				}
			}
		})
	}
	for i := range 10 {
		b := program.NewBrowser(t, n.URL)
		number := strings.TrimPrefix(in.Ask("select number from mobile_numbers m join users u on u.id = m.user_id where "+
			"username = $1", fmt.Sprintf("u%d", i+1)), "+")
		page := b.LogIn("ACME", fmt.Sprintf("u%d", i+1), program.Password).On("/login/code")
		code := ""
		program.Eventually(t, 10*time.Second, "the code comes", func() bool {
			for _, m := range in.SMS.Accepted() {
				if m.To == number {
					code = program.CodeIn(t, m.Text)
				}
			}
			return code != ""
		})
		page.Press("Verify", "code", code).On("/settings/me")
	}
	all.Wait()
	if left := 30*time.Second - time.Since(began); program.Long() && left > 0 {
		time.Sleep(left)
	}
	release()
	in.Exec("update password_failures set next_try_at = now()")
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
}

// F12: when every connection of a node waits for a lock, pages answer soon that they cannot, and work again after.
func TestAnExhaustedPoolIsAQuick503(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", program.ItsNumber)
	n := program.Spawn(t, in.Env).Rough()
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	code := program.CodeIn(t, in.Texts(1, 10*time.Second)[0].Text)

	release := in.Hold("lock table users in access exclusive mode")
	var got answers
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			began := time.Now()
			p, err := b.Try(http.MethodGet, "/login/code", nil)
			got.add(p, err, time.Since(began))
		})
	}
	all.Wait()
	release()
	t.Logf("%v, the slowest after %s", got.status, got.worst)
	if got.status[http.StatusServiceUnavailable] != 40 {
		t.Errorf("forty requests without a connection ended with %v", got.status)
	}
	// A wait for a connection or a lock ends after 2 s; twice that would be one after the other.
	if got.worst > program.Bound(3*time.Second) {
		t.Errorf("the slowest of them took %s", got.worst)
	}
	b.Soon(program.Bound(10*time.Second), code)
}

// The server has no connection left, and the node has none: 503 at once, and everything again after.
func TestAServerWithoutConnectionsIsAQuick503(t *testing.T) {
	t.Parallel()
	in, _ := program.InstallOnOwn(t)
	in.User("jdoe", "user", program.ItsNumber)
	n := program.Spawn(t, in.Env).Rough()
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	code := program.CodeIn(t, in.Texts(1, 10*time.Second)[0].Text)

	release := in.TakeEverySlot()
	var got answers
	for range 10 {
		began := time.Now()
		p, err := newBrowserLike(b).Try(http.MethodGet, "/login/code", nil)
		got.add(p, err, time.Since(began))
	}
	t.Logf("%v, the slowest after %s", got.status, got.worst)
	if got.status[http.StatusServiceUnavailable] != 10 {
		t.Errorf("ten requests without a connection ended with %v", got.status)
	}
	if got.worst > program.Bound(3*time.Second) {
		t.Errorf("the slowest of them took %s", got.worst)
	}
	release()
	b.Soon(program.Bound(10*time.Second), code)
	program.NewBrowser(t, n.URL).LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(2, 30*time.Second)
}

// newBrowserLike is another tab of a browser.
func newBrowserLike(b *program.Browser) *program.Browser {
	tab := program.NewBrowser(b.T, b.At)
	tab.Client.Jar = b.Client.Jar
	return tab
}
