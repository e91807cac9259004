package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// answers are the ends of many requests made at once.
type answers struct {
	mu     sync.Mutex
	status map[int]int
	worst  time.Duration
}

func (a *answers) add(p *page, err error, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == nil {
		a.status = map[int]int{}
	}
	if err != nil {
		a.status[0]++
		return
	}
	a.status[p.status]++
	a.worst = max(a.worst, took)
}

// F1: the database restarts in the middle of log-ins, three times. Nobody sees anything worse than a page that says so,
// the code that was sent before still works after, and no process is started anew.
func TestARestartOfTheDatabaseMidLoginCostsAPageToTryAgain(t *testing.T) {
	t.Parallel()
	in, pg := installOnOwn(t)
	in.user("jdoe", "user", "")
	in.crowd(20, "jdoe")
	n := spawn(t, in.env).rough()
	for round := range 3 {
		waiter := newBrowser(t, n.url)
		waiter.logIn("ACME", fmt.Sprintf("u%d", round+1), password).on("/login/code")
		m := in.texts(round+1, 20*time.Second)[round]
		waiter.lineSays(10*time.Second, lineAccepted, "current")

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
						b, path, method = newBrowser(t, n.url), "/login", http.MethodPost
						form = map[string][]string{"office": {"ACME"}, "username": {fmt.Sprintf("nobody%d", tries)}, "password": {"wrong"}}
					}
					began := time.Now()
					p, err := b.try(method, path, form)
					during.add(p, err, time.Since(began))
					if err == nil && p.status == http.StatusServiceUnavailable {
						if !strings.Contains(p.text(), "Temporarily unavailable") || !strings.Contains(p.text(), "try again in a few seconds") {
							t.Errorf("the page of a 503 says %s", p.text())
						}
						if method == http.MethodGet && p.Find("a.button[href='']").Length() == 0 {
							t.Error("the page of a 503 has no way to try again")
						}
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		pg.restart(500 * time.Millisecond)
		began := time.Now()
		eventually(t, bound(10*time.Second), "the waiting user's page is back", func() bool {
			p, err := waiter.try(http.MethodGet, "/login/code", nil)
			return err == nil && p.status == http.StatusOK && p.url.Path == "/login/code"
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
		in.pool.Reset()
		waiter.enters(codeIn(t, m.Text)).on("/settings/me")
	}
	if got := in.ask("select count(*) from sessions where level = 2"); got != in.ask("select count(*) from challenges where outcome = 'verified'") || got != "3" {
		t.Errorf("%s sessions have a second factor", got)
	}
	select {
	case <-n.done:
		t.Errorf("the program ended: %v", n.err)
	default:
	}
	// And the worker works again.
	newBrowser(t, n.url).logIn("ACME", "u9", password).on("/login/code")
	in.texts(4, 20*time.Second)
}

// F16: PostgreSQL's notification is a convenience; without it the queue is polled.
func TestWithoutItsListenerACodeIsAtMostASecondLater(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "")
	in.crowd(3, "jdoe")
	n := spawn(t, in.env).rough()
	// River listens again after 1, 2, 4 … s: each time twice as late.
	for i := range 3 {
		eventually(t, 30*time.Second, "somebody listens", func() bool {
			return in.ask("select count(*) from pg_stat_activity where "+ours+" and "+listening) != "0"
		})
		b := newBrowser(t, n.url)
		form := map[string][]string{"office": {"ACME"}, "username": {fmt.Sprintf("u%d", i+1)}, "password": {password}}
		b.get("/login")
		if in.terminate(listening) == 0 {
			t.Fatal("nobody listens")
		}
		b.post("/login", form).on("/login/code")
		began := time.Now()
		in.texts(i+1, 10*time.Second)
		if took := time.Since(began); took > bound(time.Second) {
			t.Errorf("without a listener the code left %s after its log-in", took)
		}
	}
}

// Every backend at once, again and again: pages and workers come back by themselves.
func TestTerminatedConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "")
	in.crowd(3, "jdoe")
	n := spawn(t, in.env).rough()
	for i := range 3 {
		b := newBrowser(t, n.url)
		b.get("/login")
		if in.terminate("true") == 0 {
			t.Fatal("the program has no connection")
		}
		eventually(t, bound(10*time.Second), "a log-in works again", func() bool {
			p, err := b.try(http.MethodPost, "/login", map[string][]string{"office": {"ACME"}, "username": {fmt.Sprintf("u%d", i+1)}, "password": {password}})
			if err == nil && p.status != 200 && p.status != 503 && p.status != 429 {
				t.Errorf("a log-in answered %d", p.status)
			}
			return err == nil && p.status == 200 && p.url.Path == "/login/code"
		})
		in.terminate("true") // in the middle of the send, perhaps
		code := ""
		eventually(t, 30*time.Second, "the code is sent", func() bool {
			for _, m := range in.sms.Accepted() {
				if m.To == strings.TrimPrefix(in.ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = $1", fmt.Sprintf("u%d", i+1)), "+") {
					code = codeIn(t, m.Text)
				}
			}
			return code != ""
		})
		b.soon(15*time.Second, code)
	}
}

// F14: a retry that is due when River's leader dies runs when another has taken its place.
func TestDueRetriesRunAfterTheLeaderWasKilled(t *testing.T) {
	t.Parallel()
	// A wait of more than five seconds is the leader's to end.
	in := install(t, smstest.RetryAfter(429, "10"))
	in.user("jdoe", "user", itsNumber)
	web := spawn(t, in.env, "--only", "web")
	leader := spawn(t, in.env, "--only", "work").rough()
	of := func() string { return in.ask("select leader_id from river_leader where expires_at > now()") }
	eventually(t, 30*time.Second, "the first worker leads", func() bool { return of() != "" })
	was := of()
	spawn(t, in.env, "--only", "work").rough()
	b := newBrowser(t, web.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	eventually(t, 10*time.Second, "the message waits for its second call", func() bool {
		state := in.ask("select state from river_job where kind = 'send_code'")
		return state == "scheduled" || state == "retryable"
	})
	leader.kill()
	due := time.Now().Add(10 * time.Second)
	in.texts(2, 10*time.Second+bound(30*time.Second))
	if late := time.Since(due); late > bound(30*time.Second) {
		t.Errorf("the retry ran %s after it was due", late)
	} else {
		t.Logf("the retry ran %s after it was due", late)
	}
	if now := of(); now == was {
		t.Errorf("%s is still said to lead", now)
	}
	b.lineSays(10*time.Second, lineAccepted, "current")
}

// F17: who cannot be served for a lock is told so in time, and nobody else notices.
func TestALockOnAUserHoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", itsNumber)
	in.crowd(10, "jdoe")
	n := spawn(t, in.env).rough()
	release := in.hold("select 1 from users where username = 'jdoe' for update")
	began := time.Now()
	var all sync.WaitGroup
	for range 3 { // a user who presses again and again
		all.Go(func() {
			for range 2 {
				b := newBrowser(t, n.url)
				began := time.Now()
				p, err := b.try(http.MethodPost, "/login", map[string][]string{"office": {"ACME"}, "username": {"jdoe"}, "password": {password}})
				if err != nil || p.status != http.StatusServiceUnavailable && p.status != http.StatusTooManyRequests {
					t.Errorf("the locked user's log-in ended with %v, %v", p, err)
				}
				if took := time.Since(began); took > bound(6*time.Second) {
					t.Errorf("the locked user waited %s for an answer", took)
				}
			}
		})
	}
	for i := range 10 {
		b := newBrowser(t, n.url)
		number := strings.TrimPrefix(in.ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = $1", fmt.Sprintf("u%d", i+1)), "+")
		page := b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code")
		code := ""
		eventually(t, 10*time.Second, "the code comes", func() bool {
			for _, m := range in.sms.Accepted() {
				if m.To == number {
					code = codeIn(t, m.Text)
				}
			}
			return code != ""
		})
		page.press("Verify", "code", code).on("/settings/me")
	}
	all.Wait()
	if left := 30*time.Second - time.Since(began); long() && left > 0 {
		time.Sleep(left)
	}
	release()
	in.exec("update password_failures set next_try_at = now()")
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
}

// F12: when every connection of a node waits for a lock, pages answer soon that they cannot, and work again after.
func TestAnExhaustedPoolIsAQuick503(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", itsNumber)
	n := spawn(t, in.env).rough()
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	code := codeIn(t, in.texts(1, 10*time.Second)[0].Text)

	release := in.hold("lock table users in access exclusive mode")
	var got answers
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			began := time.Now()
			p, err := b.try(http.MethodGet, "/login/code", nil)
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
	if got.worst > bound(3*time.Second) {
		t.Errorf("the slowest of them took %s", got.worst)
	}
	b.soon(bound(10*time.Second), code)
}

// The server has no connection left, and the node has none: 503 at once, and everything again after.
func TestAServerWithoutConnectionsIsAQuick503(t *testing.T) {
	t.Parallel()
	in, _ := installOnOwn(t)
	in.user("jdoe", "user", itsNumber)
	n := spawn(t, in.env).rough()
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	code := codeIn(t, in.texts(1, 10*time.Second)[0].Text)

	var release func()
	// What the node loses it takes back, so it loses its connections while the slots are taken.
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		for range 20 {
			in.terminate("true")
			time.Sleep(50 * time.Millisecond)
		}
	}()
	release = in.takeEverySlot()
	<-lost
	in.terminate("true")
	more := in.takeEverySlot()
	var got answers
	for range 10 {
		began := time.Now()
		p, err := newBrowserLike(b).try(http.MethodGet, "/login/code", nil)
		got.add(p, err, time.Since(began))
	}
	t.Logf("%v, the slowest after %s", got.status, got.worst)
	if got.status[http.StatusServiceUnavailable] == 0 || got.status[200]+got.status[503] != 10 {
		t.Errorf("requests without a connection ended with %v", got.status)
	}
	if got.worst > bound(3*time.Second) {
		t.Errorf("the slowest of them took %s", got.worst)
	}
	release()
	more()
	b.soon(bound(10*time.Second), code)
	newBrowser(t, n.url).logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(2, 30*time.Second)
}

// newBrowserLike is another tab of a browser.
func newBrowserLike(b *browser) *browser {
	tab := newBrowser(b.t, b.at)
	tab.client.Jar = b.client.Jar
	return tab
}
