package main

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// What the live line says, by the product's English catalogue.
const (
	lineAccepted  = "Accepted by the provider"
	lineDelivered = "Delivered"
	lineBusy      = "The provider is busy, trying again"
	lineNoAnswer  = "The provider did not answer, trying once more"
	lineUncertain = "It is not certain that the message was sent"
	lineNotSent   = "Not sent"
	lineNumber    = "This number cannot get text messages."
	lineAccount   = "the provider refuses us"
	lineOurs      = "The provider does not accept this message."
)

// fate is what the provider does with one log-in's message, and what must come of it.
type fate struct {
	name  string
	steps []smstest.Step
	calls int    // the provider's, in the end
	via   string // a line that is shown on the way; "" for none in particular
	last  string // the line in the end
	soon  time.Duration
}

// Every answer of the provider, over its SDK and real HTTP: the call is repeated exactly as often as it may, always with
// one code, the live line never claims more than the provider said, and whatever arrived works.
func TestTheLiveLineTellsTheTruthAboutEveryAnswerOfTheProvider(t *testing.T) {
	t.Parallel()
	const long = 45 * time.Second
	for _, f := range []fate{
		{"accepted", nil, 1, "", lineAccepted, 5 * time.Second},
		{"throttled twice, then accepted", steps(smstest.Status("1").Times(2)), 3, lineBusy, lineAccepted, 10 * time.Second},
		{"wrong credentials (4)", steps(smstest.Status("4").Times(9)), 1, "", lineAccount, 5 * time.Second},
		{"no credit (9)", steps(smstest.Status("9").Times(9)), 1, "", lineAccount, 5 * time.Second},
		{"unroutable number (6)", steps(smstest.Status("6").Times(9)), 1, "", lineNumber, 5 * time.Second},
		{"missing parameter (2)", steps(smstest.Status("2").Times(9)), 1, "", lineOurs, 5 * time.Second},
		{"internal error twice (5), then accepted", steps(smstest.Status("5").Times(2)), 3, lineBusy, lineAccepted, 15 * time.Second},
		{"429 with Retry-After, then accepted", steps(smstest.RetryAfter(429, "2")), 2, lineBusy, lineAccepted, 10 * time.Second},
		{"503 three times, then accepted", steps(smstest.HTTP(503).Times(3)), 4, lineBusy, lineAccepted, 20 * time.Second},
		{"500, then accepted", steps(smstest.HTTP(500)), 2, lineNoAnswer, lineAccepted, 10 * time.Second},
		{"500 without end", steps(smstest.HTTP(500).Times(9)), 2, lineNoAnswer, lineUncertain, 15 * time.Second},
		{"garbage without end", steps(smstest.Garbage().Times(9)), 2, lineNoAnswer, lineUncertain, 15 * time.Second},
		{"an empty list without end", steps(smstest.Empty().Times(9)), 2, lineNoAnswer, lineUncertain, 15 * time.Second},
		{"one of two parts refused", steps(smstest.Parts("0", "9").Times(9)), 2, lineNoAnswer, lineUncertain, 15 * time.Second},
		{"accepted, then reset", steps(smstest.Reset()), 2, lineNoAnswer, lineAccepted, 10 * time.Second},
		{"accepted and reset without end", steps(smstest.Reset().Times(9)), 2, lineNoAnswer, lineUncertain, 15 * time.Second},
		{"hanging, then accepted", steps(smstest.Hang()), 2, lineNoAnswer, lineAccepted, long},
		{"hanging without end", steps(smstest.Hang().Times(9)), 2, lineNoAnswer, lineUncertain, long},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.check(t)
		})
	}
}

func steps(s ...smstest.Step) []smstest.Step { return s }

func (f fate) check(t *testing.T) {
	in := install(t, f.steps...)
	in.user("jdoe", "user", "+31657431290")
	n := serving(t, in.env)
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")

	passed := f.via == ""
	eventually(t, f.soon, fmt.Sprintf("the line says %q", f.last), func() bool {
		// The calls first: what the line says a moment later may be newer than they are, never older.
		accepted := ""
		for _, m := range in.sms.Received() {
			accepted += m.Step + " "
		}
		words, _, _ := b.line()
		passed = passed || strings.Contains(words, f.via)
		if strings.Contains(words, lineDelivered) {
			t.Fatalf("the line says delivered, which nobody said: %s", words)
		}
		if strings.Contains(words, lineAccepted) && f.last != lineAccepted {
			t.Fatalf("the line says accepted after %s: %s", accepted, words)
		}
		return strings.Contains(words, f.last)
	})
	if !passed {
		t.Errorf("the line never said %q on the way", f.via)
	}
	words, class, _ := b.line()
	if failed := f.last != lineAccepted; failed != (class == "failed") {
		t.Errorf("the last step has the class %q: %s", class, words)
	}
	if f.last == lineAccount || f.last == lineNumber || f.last == lineOurs {
		if !strings.Contains(words, lineNotSent) {
			t.Errorf("a refused message is not said to be not sent: %s", words)
		}
	}
	// Nothing more follows, and whatever was sent has one code.
	time.Sleep(2500 * time.Millisecond)
	calls := in.sms.Received()
	if len(calls) != f.calls {
		t.Errorf("the provider was called %d times, not %d", len(calls), f.calls)
	}
	accepted := in.sms.Accepted()
	if f.last == lineAccepted && len(accepted) == 0 {
		t.Error("the line says accepted, and nothing was")
	}
	if len(accepted) > 2 {
		t.Errorf("%d messages are on the phone", len(accepted))
	}
	for _, m := range calls {
		if m.To != "31657431290" || m.TTL < 20*time.Second || m.TTL > 5*time.Minute || m.From != "Nightlatch" || m.Type != "" || len(m.Ref) < 8 {
			t.Errorf("the call was to %q from %q, type %q, ttl %s, reference %q", m.To, m.From, m.Type, m.TTL, m.Ref)
		}
	}
	code := in.theCode()
	b.get("/login/code").on("/login/code").press("Verify", "code", code).on("/settings/me")
	if state := in.ask("select string_agg(distinct state::text, ' ') from river_job where kind = 'send_code'"); state != "completed" && state != "cancelled" {
		t.Errorf("the job is %s after the log-in", state)
	}
	if strings.Contains(n.log.String(), code) || strings.Contains(n.log.String(), "31657431290") || strings.Contains(n.log.String(), apiSecret) {
		t.Errorf("the log holds a code, a number or the secret:\n%s", n.log)
	}
	kept := in.ask("select string_agg(coalesce(errors::text, '') || metadata::text || args::text, ' ') from river_job")
	for _, secret := range []string{"#" + code, "31657431290", apiSecret} {
		if strings.Contains(kept, secret) {
			t.Errorf("the queue holds %q: %s", secret, kept)
		}
	}
}

func TestTheMessageIsInTheProductsWordsAndTheUsersLanguage(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("english", "user", "+31657431290")
	in.user("dutch", "user", "+32470123456")
	in.user("browser", "user", "+31657431291")
	in.exec("update users set language = 'nl' where username = 'dutch'")
	n := serving(t, in.env)

	newBrowser(t, n.url).logIn("ACME", "english", password).on("/login/code")
	m := in.texts(1, 10*time.Second)[0]
	code := codeIn(t, m.Text)
	if want := code + " is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #" + code; m.Text != want {
		t.Errorf("the English message is\n%q, want\n%q", m.Text, want)
	}
	dutch := regexp.MustCompile(`^([0-9]{6}) .*verificatiecode.* Nightlatch.* 5 minuten.*\n@localhost #([0-9]{6})$`)
	newBrowser(t, n.url).logIn("ACME", "dutch", password).on("/login/code").says("Verificatiecode")
	if m = in.texts(2, 10*time.Second)[1]; !dutch.MatchString(m.Text) || strings.Contains(m.Text, "code is") && strings.Contains(m.Text, "your") {
		t.Errorf("the Dutch user's message is %q", m.Text)
	} else if m.To != "32470123456" {
		t.Errorf("the Dutch user's message went to %q", m.To)
	}
	// Who has not chosen a language gets the browser's.
	b := newBrowser(t, n.url)
	b.language = "nl-BE, nl;q=0.9, en;q=0.5"
	p := b.get("/login")
	b.post("/login", map[string][]string{"office": {"ACME"}, "username": {"browser"}, "password": {password}}).on("/login/code")
	if m = in.texts(3, 10*time.Second)[2]; !dutch.MatchString(m.Text) {
		t.Errorf("with a Dutch browser the message is %q; the log-in page was %s", m.Text, p.text())
	}
}

func TestTheMessageNamesTheConfiguredProductAndHost(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "+31657431290")
	address := freeAddress(t)
	serving(t, with(in.env, "NIGHTLATCH_NAME", "Slot & Grendel", "NIGHTLATCH_URL", "https://login.acme.example:8443", "NIGHTLATCH_ADDR", address))
	b := newBrowser(t, "http://"+address)
	// Behind TLS the cookies are Secure alone, so that this browser, which speaks plain http, gets no further.
	b.logIn("ACME", "jdoe", password)
	m := in.texts(1, 10*time.Second)[0]
	code := codeIn(t, m.Text)
	if want := code + " is your Slot & Grendel verification code. It is valid for 5 minutes.\n@login.acme.example #" + code; m.Text != want {
		t.Errorf("the message is\n%q, want\n%q", m.Text, want)
	}
	for _, e := range b.seen.list() {
		for _, c := range e.cookies {
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
				t.Errorf("the cookie %s of an https site is %+v", c.Name, c)
			}
		}
	}
}

// freeAddress is a loopback address on which nothing listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestResendSendsTheSameCodeAndNotBeforeItsTime(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "+31657431290")
	n := serving(t, in.env)
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	eventually(t, 5*time.Second, "the line says accepted", func() bool { words, _, _ := b.line(); return strings.Contains(words, lineAccepted) })
	if _, _, again := b.line(); !again {
		t.Error("the line stops asking although Resend is not open yet")
	}
	// Looking at the page again, and again, sends nothing; nor does Resend before its time.
	for range 3 {
		b.get("/login/code").on("/login/code")
	}
	b.get("/login/code").press("Resend code").says("You can ask for another message in")
	b.logInAgain(t)
	time.Sleep(time.Second)
	if got := len(in.sms.Received()); got != 1 {
		t.Fatalf("%d messages were sent without being asked for", got)
	}
	in.exec("update challenges set asked_at = asked_at - interval '30 seconds'")
	if _, _, again := b.line(); again {
		t.Error("the line goes on asking although the message is final and Resend is open")
	}
	b.get("/login/code").press("Resend code").on("/login/code")
	both := in.texts(2, 10*time.Second)
	if both[0].Ref == both[1].Ref {
		t.Errorf("both messages have the reference %q", both[0].Ref)
	}
	b.get("/login/code").press("Resend code").says("You can ask for another message in")
	code := in.theCode()
	b.get("/login/code").press("Verify", "code", code).on("/settings/me")
	if got := in.ask("select count(*) from challenges"); got != "1" {
		t.Errorf("there are %s challenges, not 1", got)
	}
	if p := b.fragment("/login/message"); p.Find("[hx-get]").Length() != 0 {
		t.Error("the line goes on asking after the log-in")
	}
}

// logInAgain goes to the start and to the second step again, as people do.
func (b *browser) logInAgain(t testing.TB) {
	t.Helper()
	b.get("/").on("/login/code")
	b.get("/login").on("/login/code")
	b.get("/login/second-step").on("/login/code")
}

// A job that somebody puts back into the queue by hand, when its challenge is over, sends nothing.
func TestAJobRetriedByHandAfterItsChallengeIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	in := install(t, smstest.HTTP(500).Times(2), smstest.Accept().Times(2), smstest.Status("6"))
	for i, name := range []string{"unsure", "proven", "expired", "refused"} {
		in.user(name, "user", fmt.Sprintf("+3165743129%d", i))
	}
	n := serving(t, in.env)
	// In this order: two calls that nobody knows the outcome of, a log-in that succeeds, one whose code is never entered,
	// and one refused.
	newBrowser(t, n.url).logIn("ACME", "unsure", password).on("/login/code")
	in.texts(2, 10*time.Second)
	b := newBrowser(t, n.url)
	p := b.logIn("ACME", "proven", password).on("/login/code")
	p.press("Verify", "code", codeIn(t, in.texts(3, 10*time.Second)[2].Text)).on("/settings/me")
	newBrowser(t, n.url).logIn("ACME", "expired", password).on("/login/code")
	in.texts(4, 10*time.Second)
	newBrowser(t, n.url).logIn("ACME", "refused", password).on("/login/code")
	in.texts(5, 10*time.Second)
	finished := func() bool {
		return in.ask("select count(*) from river_job where kind = 'send_code' and finalized_at is not null") == "4"
	}
	eventually(t, 20*time.Second, "all four jobs are over", finished)

	in.exec("update challenges set created_at = created_at - interval '6 minutes', expires_at = expires_at - interval '6 minutes' where user_id = (select id from users where username = 'expired')")
	before := in.ask("select string_agg(state || reason, ',' order by id) from messages")
	in.exec("update river_job set state = 'available', finalized_at = null, scheduled_at = now() where kind = 'send_code'")
	eventually(t, 20*time.Second, "all four jobs are over again", finished)
	if got := len(in.sms.Received()); got != 5 {
		t.Errorf("the provider was called %d times, not 5", got)
	}
	if after := in.ask("select string_agg(state || reason, ',' order by id) from messages"); after != before {
		t.Errorf("what users are told has changed from %s to %s", before, after)
	}
	if got := in.ask("select string_agg(distinct state::text, ' ') from river_job where kind = 'send_code'"); got != "cancelled" {
		t.Errorf("the jobs are %s", got)
	}
}

// F3: a provider that hangs holds workers, never a page.
func TestLoggingInStaysQuickWhileTheProviderHangs(t *testing.T) {
	t.Parallel()
	const users = 30 // more than the workers of one node
	in := install(t, smstest.Hang().Times(4*users))
	in.user("jdoe", "user", "")
	in.crowd(users, "jdoe")
	n := serving(t, in.env)
	for i := 1; i <= users; i++ {
		b := newBrowser(t, n.url)
		b.logIn("ACME", fmt.Sprintf("u%d", i), password).on("/login/code")
		for _, e := range b.seen.list() {
			if e.took > 7*time.Second { // who waits for the provider waits 8 s
				t.Errorf("%s %s took %s while the provider hangs", e.method, e.path, e.took)
			}
		}
	}
	if got := in.ask("select max(sends) from (select count(*) as sends from sends group by message_id) s"); got != "1" && got != "2" {
		t.Errorf("a message was sent %s times", got)
	}
}
