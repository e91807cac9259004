package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/sms/smstest"
)

const itsNumber = "+31612345678"

// waiting makes an installation whose user waits on the code page for a message that the stand-in treats by
// the steps.
func waiting(t *testing.T, steps ...smstest.Step) (*installation, *node, *browser) {
	t.Helper()
	in := install(t, steps...)
	in.user("jdoe", "user", itsNumber)
	n := serving(t, in.env)
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	return in, n, b
}

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

func TestTheMessageHasTheProductsWords(t *testing.T) {
	t.Parallel()
	in, _, b := waiting(t)
	m := in.texts(1, 10*time.Second)[0]
	code := codeIn(t, m.Text)
	if want := code + " is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #" + code; m.Text != want {
		t.Errorf("the message is %q, not %q", m.Text, want)
	}
	if m.To != strings.TrimPrefix(itsNumber, "+") || m.TTL < 4*time.Minute || m.TTL > 5*time.Minute || len(m.Ref) > 40 {
		t.Errorf("the provider was asked for %+v", m)
	}
	b.lineSays(5*time.Second, "Accepted by the provider", "current")
	b.enters(code).on("/settings/me")

	// A user who reads Dutch is written to in Dutch.
	b.speaks("nl")
	b.get("/settings/me").press("Uitloggen")
	b.get("/login").press("Inloggen", "office", "ACME", "username", "jdoe", "password", password).on("/login/code")
	if m := in.texts(2, 10*time.Second)[1]; !strings.Contains(m.Text, "uw verificatiecode") {
		t.Errorf("the Dutch message is %q", m.Text)
	}
}

// speaks chooses a language in the menu, whose buttons have the languages' own names.
func (b *browser) speaks(language string) {
	b.t.Helper()
	b.post("/language", map[string][]string{"language": {language}, "back": {"/settings/me"}}).on("/settings/me")
}

func TestThrottledTwiceTheCodeStillArrivesAndIsSentOnce(t *testing.T) {
	t.Parallel()
	in, _, b := waiting(t, smstest.Status("1").Times(2), smstest.Accept())
	in.texts(3, 10*time.Second)
	b.lineSays(5*time.Second, "Accepted by the provider", "current")
	if n := len(in.sms.Accepted()); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
	b.enters(in.theCode()).on("/settings/me")
}

func TestARefusalThatSentNothingIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]smstest.Step{"status 5": smstest.Status("5"), "status 10": smstest.Status("10"), "http 429": smstest.HTTP(429), "http 503": smstest.HTTP(503)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, _, b := waiting(t, step.Times(3), smstest.Accept())
			in.texts(4, 20*time.Second)
			b.lineSays(5*time.Second, "Accepted by the provider", "current")
			if n := len(in.sms.Accepted()); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
			b.enters(in.theCode()).on("/settings/me")
		})
	}
}

func TestARefusalForGoodIsToldAndNotRepeated(t *testing.T) {
	t.Parallel()
	for status, words := range map[string]string{
		"6": "This number cannot get text messages", "7": "This number cannot get text messages", "4": "the provider refuses us",
		"9": "the provider refuses us", "2": "does not accept this message", "15": "does not accept this message",
	} {
		t.Run("status "+status, func(t *testing.T) {
			t.Parallel()
			in, _, b := waiting(t, smstest.Status(status).Times(20))
			b.lineSays(10*time.Second, words, "failed")
			time.Sleep(2 * time.Second) // a retry would come after one
			if n := len(in.sms.Received()); n != 1 {
				t.Errorf("the provider was called %d times", n)
			}
			if state := in.ask("select state from river_job where kind = 'send_code'"); state != "cancelled" {
				t.Errorf("the job is %s", state)
			}
			if errors := in.ask("select errors::text from river_job where kind = 'send_code'"); strings.Contains(errors, "612345678") || strings.Contains(errors, in.theCode()) {
				t.Errorf("the job tells: %s", errors)
			}
		})
	}
}

func TestAnUnknownOutcomeIsTriedOnceMoreWithTheSameCode(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]smstest.Step{
		"http 500": smstest.HTTP(500), "garbage": smstest.Garbage(), "an empty list": smstest.Empty(), "accepted, then reset": smstest.Reset(), "silence": smstest.Hang(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, _, b := waiting(t, step.Times(20))
			in.texts(2, 40*time.Second)
			b.lineSays(40*time.Second, "It is not certain that the message was sent", "failed")
			time.Sleep(2 * time.Second)
			if n := len(in.sms.Received()); n != 2 {
				t.Errorf("the provider was called %d times", n)
			}
			b.enters(in.theCode()).on("/settings/me")
		})
	}
}

func TestAHangingProviderHoldsUpNoPage(t *testing.T) {
	t.Parallel()
	in := install(t, smstest.Hang().Times(20))
	in.user("jdoe", "user", itsNumber)
	in.crowd(5, "jdoe")
	n := serving(t, in.env)
	for i := range 5 {
		b := newBrowser(t, n.url)
		began := time.Now()
		b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a log-in took %s while the provider hangs", took)
		}
	}
}

func TestAResendRepeatsTheCode(t *testing.T) {
	t.Parallel()
	in, _, b := waiting(t)
	in.texts(1, 10*time.Second)
	b.get("/login/code").press("Resend code").says("You can ask for another message in")
	in.exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	b.get("/login/code").press("Resend code").on("/login/code")
	in.texts(2, 10*time.Second)
	b.enters(in.theCode()).on("/settings/me")
}

func TestAJobRetriedByHandAfterItsChallengeIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	in, _, b := waiting(t)
	in.texts(1, 10*time.Second)
	b.enters(in.theCode()).on("/settings/me")
	in.exec("update river_job set state = 'available', finalized_at = null, scheduled_at = now() where kind = 'send_code'")
	eventually(t, 20*time.Second, "the job is looked at and cancelled", func() bool {
		return in.ask("select state from river_job where kind = 'send_code'") == "cancelled"
	})
	if n := len(in.sms.Received()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
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
