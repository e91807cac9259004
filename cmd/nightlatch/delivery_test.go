package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const itsNumber = "+31612345678"

func (b *browser) lineSays(within time.Duration, words, class string) {
	b.t.Helper()
	eventually(b.t, within, "the live line says "+words, func() bool {
		said, c, _ := b.line()
		return strings.Contains(said, words) && c == class
	})
}

func (b *browser) enters(code string) *page {
	b.t.Helper()
	return b.get("/login/code").press("Verify", "code", code)
}

func TestAfterAKillInTheMiddleOfASendTheCodeIsSentAtMostOnceMore(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]smstest.Step{"while the provider thinks": smstest.Slow(5 * time.Second), "without an answer": smstest.Hang()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t, step, smstest.Accept())
			in.user("jdoe", "user", itsNumber)
			web := serving(t, in.env, "--only", "web")
			worker := spawn(t, in.env, "--only", "work")
			b := newBrowser(t, web.url)
			b.logIn("ACME", "jdoe", password).on("/login/code")
			in.texts(1, 10*time.Second)
			worker.kill()
			spawn(t, in.env, "--only", "work")
			in.texts(2, 2*time.Minute)
			b.lineSays(10*time.Second, "Accepted by the provider", "current")
			if n := len(in.sms.Received()); n != 2 {
				t.Errorf("the provider was called %d times", n)
			}
			b.enters(in.theCode()).on("/settings/me")
		})
	}
}

func TestAfterAKillBeforeTheSendTheCodeIsSentOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", itsNumber)
	web := spawn(t, in.env, "--only", "web") // nobody works jobs yet
	b := newBrowser(t, web.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	web.kill()
	both := spawn(t, in.env)
	in.texts(1, 10*time.Second)
	moved := newBrowser(t, both.url)
	moved.client.Jar.SetCookies(mustURL(t, both.url), b.client.Jar.Cookies(mustURL(t, b.at)))
	moved.enters(in.theCode()).on("/settings/me")
	if n := len(in.sms.Received()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
}

func TestAStopInTheMiddleOfASendLosesNothing(t *testing.T) {
	t.Parallel()
	in := install(t, smstest.Slow(2*time.Second), smstest.Accept())
	in.user("jdoe", "user", itsNumber)
	web := serving(t, in.env, "--only", "web")
	worker := spawn(t, in.env, "--only", "work")
	b := newBrowser(t, web.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	if err := worker.end(); err != nil {
		t.Errorf("the worker ended with %v", err)
	}
	b.lineSays(5*time.Second, "Accepted by the provider", "current")
	b.enters(in.theCode()).on("/settings/me")
	if n := len(in.sms.Received()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
}

func TestTwoNodesAreOneHouse(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("boss", "superuser", "+31687654321")
	in.user("jdoe", "user", itsNumber)
	in.exec("update offices set two_factor_required = false")
	one, two := spawn(t, in.env), spawn(t, in.env)
	onOne, onTwo := newBrowser(t, one.url), newBrowser(t, two.url)
	onOne.logIn("ACME", "boss", password).on("/settings/me")
	onTwo.logIn("ACME", "jdoe", password).on("/settings/me")

	// Activated on one, in force on the other.
	onOne.get("/settings/office/general").press("No").press("Save").press("Yes, activate this setting")
	began := time.Now()
	eventually(t, time.Second, "the other node leads to the second step", func() bool { return onTwo.get("/settings/me").url.Path == "/login/code" })
	t.Logf("the other node knew after %s", time.Since(began))

	// Begun on one, finished on the other, by one of fifty who know the code.
	onTwo.get("/login/code").press("Send code").on("/login/code")
	in.texts(1, 10*time.Second)
	code := in.theCode()
	cookies := onTwo.client.Jar.Cookies(mustURL(t, two.url))
	var winners sync.Map
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			b := newBrowser(t, []string{one.url, two.url}[i%2])
			b.client.Jar.SetCookies(mustURL(t, b.at), cookies)
			p, err := b.try("POST", "/login/code", map[string][]string{"code": {code}})
			if err == nil && p.url.Path == "/settings/me" && p.status == 200 {
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
	if n := in.ask("select count(*) from sessions where level = 2"); n != "1" {
		t.Errorf("%s sessions have a second factor", n)
	}
}
