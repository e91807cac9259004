package program_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
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

// Every answer of the provider, over its SDK and real HTTP: the call is repeated exactly as often as it may, always
// with one code, the live line never claims more than the provider said, and whatever arrived works.
func TestTheLiveLineTellsTheTruthAboutEveryAnswerOfTheProvider(t *testing.T) {
	t.Parallel()
	const long = 45 * time.Second
	for _, f := range []fate{
		{"accepted", nil, 1, "", program.LineAccepted, 5 * time.Second},
		{"throttled twice, then accepted", program.Steps(smstest.Status("1").Times(2)), 3, program.LineBusy,
			program.LineAccepted, 10 * time.Second},
		{"wrong credentials (4)", program.Steps(smstest.Status("4").Times(9)), 1, "", program.LineAccount, 5 * time.Second},
		{"no credit (9)", program.Steps(smstest.Status("9").Times(9)), 1, "", program.LineAccount, 5 * time.Second},
		{"unroutable number (6)", program.Steps(smstest.Status("6").Times(9)), 1, "", program.LineNumber, 5 * time.Second},
		{"missing parameter (2)", program.Steps(smstest.Status("2").Times(9)), 1, "", program.LineOurs, 5 * time.Second},
		{"internal error twice (5), then accepted", program.Steps(smstest.Status("5").Times(2)), 3, program.LineBusy,
			program.LineAccepted, 15 * time.Second},
		{"429 with Retry-After, then accepted", program.Steps(smstest.RetryAfter(429, "2")), 2, program.LineBusy,
			program.LineAccepted, 10 * time.Second},
		{"503 three times, then accepted", program.Steps(smstest.HTTP(503).Times(3)), 4, program.LineBusy,
			program.LineAccepted, 20 * time.Second},
		{"500, then accepted", program.Steps(smstest.HTTP(500)), 2, program.LineNoAnswer, program.LineAccepted,
			10 * time.Second},
		{"500 without end", program.Steps(smstest.HTTP(500).Times(9)), 2, program.LineNoAnswer, program.LineUncertain,
			15 * time.Second},
		{"garbage without end", program.Steps(smstest.Garbage().Times(9)), 2, program.LineNoAnswer, program.LineUncertain,
			15 * time.Second},
		{"an empty list without end", program.Steps(smstest.Empty().Times(9)), 2, program.LineNoAnswer, program.LineUncertain,
			15 * time.Second},
		{"one of two parts refused", program.Steps(smstest.Parts("0", "9").Times(9)), 2, program.LineNoAnswer,
			program.LineUncertain, 15 * time.Second},
		{"accepted, then reset", program.Steps(smstest.Reset()), 2, program.LineNoAnswer, program.LineAccepted,
			10 * time.Second},
		{"accepted and reset without end", program.Steps(smstest.Reset().Times(9)), 2, program.LineNoAnswer,
			program.LineUncertain, 15 * time.Second},
		{"hanging, then accepted", program.Steps(smstest.Hang()), 2, program.LineNoAnswer, program.LineAccepted, long},
		{"hanging without end", program.Steps(smstest.Hang().Times(9)), 2, program.LineNoAnswer, program.LineUncertain, long},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.check(t)
		})
	}
}

func (f fate) check(t *testing.T) {
	in := program.Install(t, f.steps...)
	in.User("jdoe", "user", "+31657431290")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")

	passed := f.via == ""
	program.Eventually(t, f.soon, fmt.Sprintf("the line says %q", f.last), func() bool {
		// The calls first: what the line says a moment later may be newer than they are, never older.
		accepted := ""
		for _, m := range in.SMS.Received() {
			accepted += m.Step + " "
		}
		words, _, _ := b.Line()
		passed = passed || strings.Contains(words, f.via)
		if strings.Contains(words, program.LineDelivered) {
			t.Fatalf("the line says delivered, which nobody said: %s", words)
		}
		if strings.Contains(words, program.LineAccepted) && f.last != program.LineAccepted {
			t.Fatalf("the line says accepted after %s: %s", accepted, words)
		}
		return strings.Contains(words, f.last)
	})
	if !passed {
		t.Errorf("the line never said %q on the way", f.via)
	}
	words, class, _ := b.Line()
	if failed := f.last != program.LineAccepted; failed != (class == "failed") {
		t.Errorf("the last step has the class %q: %s", class, words)
	}
	if f.last == program.LineAccount || f.last == program.LineNumber || f.last == program.LineOurs {
		if !strings.Contains(words, program.LineNotSent) {
			t.Errorf("a refused message is not said to be not sent: %s", words)
		}
	}
	// Nothing more follows, and whatever was sent has one code.
	time.Sleep(2500 * time.Millisecond)
	calls := in.SMS.Received()
	if len(calls) != f.calls {
		t.Errorf("the provider was called %d times, not %d", len(calls), f.calls)
	}
	accepted := in.SMS.Accepted()
	if f.last == program.LineAccepted && len(accepted) == 0 {
		t.Error("the line says accepted, and nothing was")
	}
	if len(accepted) > 2 {
		t.Errorf("%d messages are on the phone", len(accepted))
	}
	for _, m := range calls {
		if m.To != "31657431290" || m.TTL < 20*time.Second || m.TTL > 5*time.Minute || m.From != "Nightlatch" ||
			m.Type != "" || len(m.Ref) < 8 {
			t.Errorf("the call was to %q from %q, type %q, ttl %s, reference %q", m.To, m.From, m.Type, m.TTL, m.Ref)
		}
	}
	code := in.TheCode()
	if f.last == program.LineAccount || f.last == program.LineNumber || f.last == program.LineOurs {
		// No code can arrive, and none is asked for; the one that was made is still good.
		p := b.Get("/login/code").On("/login/code").Says("We could not send you a text message")
		if p.Find("#code").Length() > 0 {
			t.Error("a code is asked for that cannot arrive")
		}
		b.Post("/login/code", url.Values{"code": {code}}).On("/settings/me")
	} else {
		b.Get("/login/code").On("/login/code").Press("Verify", "code", code).On("/settings/me")
	}
	if state := in.Ask(
		"select string_agg(distinct state::text, ' ') from river_job where kind = 'send_code'"); state != "completed" &&
		state != "cancelled" {
		t.Errorf("the job is %s after the log-in", state)
	}
	if strings.Contains(n.Log.String(), code) || strings.Contains(n.Log.String(), "31657431290") ||
		strings.Contains(n.Log.String(), program.APISecret) {
		t.Errorf("the log holds a code, a number or the secret:\n%s", n.Log)
	}
	kept := in.Ask("select string_agg(coalesce(errors::text, '') || metadata::text || args::text, ' ') from river_job")
	for _, secret := range []string{"#" + code, "31657431290", program.APISecret} {
		if strings.Contains(kept, secret) {
			t.Errorf("the queue holds %q: %s", secret, kept)
		}
	}
}

func TestTheMessageIsInTheProductsWordsAndTheUsersLanguage(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("english", "user", "+31657431290")
	in.User("dutch", "user", "+32470123456")
	in.User("browser", "user", "+31657431291")
	in.Exec("update users set language = 'nl' where username = 'dutch'")
	n := program.Spawn(t, in.Env)

	program.NewBrowser(t, n.URL).LogIn("ACME", "english", program.Password).On("/login/code")
	m := in.Texts(1, 10*time.Second)[0]
	code := program.CodeIn(t, m.Text)
	if want := code + " is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #" +
		code; m.Text != want {
		t.Errorf("the English message is\n%q, want\n%q", m.Text, want)
	}
	dutch := regexp.MustCompile(`^([0-9]{6}) .*verificatiecode.* Nightlatch.* 5 minuten.*\n@localhost #([0-9]{6})$`)
	program.NewBrowser(t, n.URL).LogIn("ACME", "dutch", program.Password).On("/login/code").Says("Verificatiecode")
	if m = in.Texts(2, 10*time.Second)[1]; !dutch.MatchString(m.Text) || strings.Contains(m.Text, "code is") &&
		strings.Contains(m.Text, "your") {
		t.Errorf("the Dutch user's message is %q", m.Text)
	} else if m.To != "32470123456" {
		t.Errorf("the Dutch user's message went to %q", m.To)
	}
	// Who has not chosen a language gets the browser's.
	b := program.NewBrowser(t, n.URL)
	b.Language = "nl-BE, nl;q=0.9, en;q=0.5"
	p := b.Get("/login")
	b.Post("/login", map[string][]string{
		"office": {"ACME"}, "username": {"browser"}, "password": {program.Password},
	}).On("/login/code")
	if m = in.Texts(3, 10*time.Second)[2]; !dutch.MatchString(m.Text) {
		t.Errorf("with a Dutch browser the message is %q; the log-in page was %s", m.Text, p.Text())
	}
}

func TestTheMessageNamesTheConfiguredProductAndHost(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	address := program.FreeAddress(t)
	program.Spawn(t, program.With(in.Env, "NIGHTLATCH_NAME", "Slot & Grendel", "NIGHTLATCH_URL",
		"https://login.acme.example:8443", "NIGHTLATCH_ADDR", address))
	b := program.NewBrowser(t, "http://"+address)
	// Behind TLS the cookies are Secure alone, so that this browser, which speaks plain http, gets no further.
	b.LogIn("ACME", "jdoe", program.Password)
	m := in.Texts(1, 10*time.Second)[0]
	code := program.CodeIn(t, m.Text)
	if want := code + " is your Slot & Grendel verification code. It is valid for 5 minutes.\n@login.acme.example #" +
		code; m.Text != want {
		t.Errorf("the message is\n%q, want\n%q", m.Text, want)
	}
	for _, e := range b.Seen.List() {
		for _, c := range e.Cookies {
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
				t.Errorf("the cookie %s of an https site is %+v", c.Name, c)
			}
		}
	}
}

func TestResendSendsTheSameCodeAndNotBeforeItsTime(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	program.Eventually(t, 5*time.Second, "the line says accepted", func() bool {
		words, _, _ := b.Line()
		return strings.Contains(words, program.LineAccepted)
	})
	if _, _, again := b.Line(); !again {
		t.Error("the line stops asking although Resend is not open yet")
	}
	// Looking at the page again, and again, sends nothing; nor does Resend before its time.
	for range 3 {
		b.Get("/login/code").On("/login/code")
	}
	b.Get("/login/code").Press("Resend code").Says("You can ask for another message in")
	b.LogInAgain(t)
	time.Sleep(time.Second)
	if got := len(in.SMS.Received()); got != 1 {
		t.Fatalf("%d messages were sent without being asked for", got)
	}
	in.Exec("update challenges set asked_at = asked_at - interval '30 seconds'")
	if _, _, again := b.Line(); again {
		t.Error("the line goes on asking although the message is final and Resend is open")
	}
	b.Get("/login/code").Press("Resend code").On("/login/code")
	both := in.Texts(2, 10*time.Second)
	if both[0].Ref == both[1].Ref {
		t.Errorf("both messages have the reference %q", both[0].Ref)
	}
	b.Get("/login/code").Press("Resend code").Says("You can ask for another message in")
	code := in.TheCode()
	b.Get("/login/code").Press("Verify", "code", code).On("/settings/me")
	if got := in.Ask("select count(*) from challenges"); got != "1" {
		t.Errorf("there are %s challenges, not 1", got)
	}
	if p := b.Fragment("/login/message"); p.Find("[hx-get]").Length() != 0 {
		t.Error("the line goes on asking after the log-in")
	}
}

// A job that somebody puts back into the queue by hand, when its challenge is over, sends nothing.
func TestAJobRetriedByHandAfterItsChallengeIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	in := program.Install(t, smstest.HTTP(500).Times(2), smstest.Accept().Times(2), smstest.Status("6"))
	for i, name := range []string{"unsure", "proven", "expired", "refused"} {
		in.User(name, "user", fmt.Sprintf("+3165743129%d", i))
	}
	n := program.Spawn(t, in.Env)
	// In this order: two calls that nobody knows the outcome of, a log-in that succeeds, one whose code is never entered,
	// and one refused.
	program.NewBrowser(t, n.URL).LogIn("ACME", "unsure", program.Password).On("/login/code")
	in.Texts(2, 10*time.Second)
	b := program.NewBrowser(t, n.URL)
	p := b.LogIn("ACME", "proven", program.Password).On("/login/code")
	p.Press("Verify", "code", program.CodeIn(t, in.Texts(3, 10*time.Second)[2].Text)).On("/settings/me")
	program.NewBrowser(t, n.URL).LogIn("ACME", "expired", program.Password).On("/login/code")
	in.Texts(4, 10*time.Second)
	program.NewBrowser(t, n.URL).LogIn("ACME", "refused", program.Password).On("/login/code")
	in.Texts(5, 10*time.Second)
	finished := func() bool {
		return in.Ask("select count(*) from river_job where kind = 'send_code' and finalized_at is not null") == "4"
	}
	program.Eventually(t, 20*time.Second, "all four jobs are over", finished)

	in.Exec("update challenges set created_at = created_at - interval '6 minutes', expires_at = expires_at - interval " +
		"'6 minutes' where user_id = (select id from users where username = 'expired')")
	before := in.Ask("select string_agg(state || reason, ',' order by id) from messages")
	in.Exec("update river_job set state = 'available', finalized_at = null, scheduled_at = now() where kind = 'send_code'")
	program.Eventually(t, 20*time.Second, "all four jobs are over again", finished)
	if got := len(in.SMS.Received()); got != 5 {
		t.Errorf("the provider was called %d times, not 5", got)
	}
	if after := in.Ask("select string_agg(state || reason, ',' order by id) from messages"); after != before {
		t.Errorf("what users are told has changed from %s to %s", before, after)
	}
	if got := in.Ask(
		"select string_agg(distinct state::text, ' ') from river_job where kind = 'send_code'"); got != "cancelled" {
		t.Errorf("the jobs are %s", got)
	}
}

// F3: a provider that hangs holds workers, never a page.
func TestLoggingInStaysQuickWhileTheProviderHangs(t *testing.T) {
	t.Parallel()
	const users = 30 // more than the workers of one node
	in := program.Install(t, smstest.Hang().Times(4*users))
	in.User("jdoe", "user", "")
	in.Crowd(users, "jdoe")
	n := program.Spawn(t, in.Env)
	for i := 1; i <= users; i++ {
		b := program.NewBrowser(t, n.URL)
		b.LogIn("ACME", fmt.Sprintf("u%d", i), program.Password).On("/login/code")
		for _, e := range b.Seen.List() {
			if e.Took > 7*time.Second { // who waits for the provider waits 8 s
				t.Errorf("%s %s took %s while the provider hangs", e.Method, e.Path, e.Took)
			}
		}
	}
	if got := in.Ask("select max(sends) from (select count(*) as sends from sends group by message_id) s"); got != "1" &&
		got != "2" {
		t.Errorf("a message was sent %s times", got)
	}
}
