package fault

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// twoProviders is an installation with Vonage first and a gateway second, both of which report receipts.
func twoProviders(t *testing.T, steps ...smstest.Step) (*program.Installation, *smstest.Gateway, *program.Node) {
	t.Helper()
	in := program.Install(t, steps...)
	in.User("jdoe", "user", "+31657431290")
	in.SMS.Sign(program.SignatureSecret, "sha256")
	gateway := smstest.NewGateway(program.WebhookSecret)
	t.Cleanup(gateway.Close)
	address, metrics := program.FreeAddress(t), program.FreeAddress(t)
	in.Env = program.With(in.Env, "NIGHTLATCH_ADDR", address, "NIGHTLATCH_URL", "http://"+address,
		"NIGHTLATCH_METRICS_ADDR", metrics,
		"VONAGE_SIGNATURE_SECRET", program.SignatureSecret, "SMS_WEBHOOK_URL", gateway.URL(), "SMS_WEBHOOK_SECRET",
		program.WebhookSecret, "SMS_ROUTES", "NL=vonage>webhook; *=vonage")
	return in, gateway, program.Spawn(t, in.Env)
}

// The first provider has no credit any more: the second brings the same code, and the next log-in does not even ask
// the first.
func TestWhatTheFirstProviderRefusesTheSecondDelivers(t *testing.T) {
	t.Parallel()
	in, gateway, n := twoProviders(t, smstest.Status("9").Times(50))
	key := program.NewOperator(t, in.Env, "ops") // first of all: a breaker is probed after ten seconds
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	b.LineSays(10*time.Second, "On its way to your phone", "current")
	first, second := in.SMS.Received(), gateway.Accepted()
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("the first was called %d times, the second took %d", len(first), len(second))
	}
	if program.CodeIn(t, first[0].Text) != program.CodeIn(t, second[0].Text) {
		t.Error("they were given two codes")
	}
	in.Metric(t, `nightlatch_breaker_open{class="account",provider="vonage"} 1`)
	in.Metric(t, `nightlatch_sends_total{class="account",provider="vonage"} 1`)
	gateway.Deliver(second[0].Callback, 1, "delivered")
	b.LineSays(10*time.Second, "Delivered", "done")

	// The operator sees it at once, and why this user waited.
	ops := program.NewBrowser(t, n.URL)
	ops.Get("/operator/login").Press("Log in", "username", "ops", "password", program.Password,
		"code", program.AppCode(t, key, 0)).On("/operator").
		Says("Vonage SMS gets no messages since")
	ops.Get("/operator/waiting?office=ACME&username=jdoe").Says("Vonage SMS refuses our account (status 9: no credit)").
		Says("The message went to Webhook instead and was delivered")

	b.Enters(program.CodeIn(t, second[0].Text)).On("/settings/me")

	in.Crowd(1, "jdoe")
	program.NewBrowser(t, n.URL).LogIn("ACME", "u1", program.Password).On("/login/code")
	program.Eventually(t, 10*time.Second, "the second provider has the next one's", func() bool {
		return len(gateway.Accepted()) == 2
	})
	if calls := len(in.SMS.Received()); calls != 1 {
		t.Errorf("the first was asked %d times while its breaker is open", calls)
	}
}

// The carrier gives up: the live line says so as it happens, and the next provider sends the same code.
func TestAFailedReceiptIsFollowedByTheNextProvider(t *testing.T) {
	t.Parallel()
	in, gateway, n := twoProviders(t)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	m := in.Texts(1, 10*time.Second)[0]
	b.LineSays(5*time.Second, "On its way to your phone", "current")
	in.SMS.Deliver(m, smstest.Receipt{Status: "buffered"})
	b.LineSays(5*time.Second, "Your phone cannot be reached", "current")
	in.SMS.Deliver(m, smstest.Receipt{Status: "failed", ErrCode: "6", Times: 3})
	program.Eventually(t, 10*time.Second, "the gateway has it", func() bool { return len(gateway.Accepted()) == 1 })
	if program.CodeIn(t, m.Text) != program.CodeIn(t, gateway.Accepted()[0].Text) {
		t.Error("it is another code")
	}
	// The first carrier changes its mind, late: the screen may be better for it, and nothing is sent again.
	in.SMS.Deliver(m, smstest.Receipt{Status: "delivered"})
	b.LineSays(5*time.Second, "Delivered", "done")
	gateway.Deliver(gateway.Accepted()[0].Callback, 1, "failed")
	time.Sleep(time.Second)
	b.LineSays(5*time.Second, "Delivered", "done")
	if a, g := len(in.SMS.Received()), len(gateway.Received()); a != 1 || g != 1 {
		t.Errorf("the providers were called %d and %d times", a, g)
	}
	b.Enters(program.CodeIn(t, m.Text)).On("/settings/me")
}

// Early, late, repeated, reordered and unknown: what a receipt says never admits anybody and never goes back.
func TestReceiptsInAnyOrder(t *testing.T) {
	t.Parallel()
	in, _, n := twoProviders(t, smstest.Accept().Receipts(smstest.Receipt{Status: "delivered", Early: true}))
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	m := in.Texts(1, 10*time.Second)[0]
	b.LineSays(10*time.Second, "Delivered", "done")
	in.SMS.Deliver(m, smstest.Receipt{Status: "accepted", Times: 2}, smstest.Receipt{Status: "failed"},
		smstest.Receipt{Status: "delivered"})
	unknown := m
	unknown.Ref = strings.Repeat("a", 26) + ".1"
	in.SMS.Deliver(unknown, smstest.Receipt{Status: "delivered"})
	b.LineSays(5*time.Second, "Delivered", "done")
	b.Get("/settings/me").On("/login/code")
	if confirmed := in.Ask("select count(*) from sessions where level = 2"); confirmed != "0" {
		t.Error("a receipt let somebody in")
	}
	if n := in.Ask("select count(*) from receipts"); n != "3" {
		t.Errorf("%s receipts are kept, not delivered, accepted and failed once each", n)
	}
	b.Enters(program.CodeIn(t, m.Text)).On("/settings/me")
}

// A call instead of a text: the same code, after a key was pressed.
func TestACallBringsTheSameCode(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	voice := smstest.NewVoice()
	t.Cleanup(voice.Close)
	voice.Sign(program.SignatureSecret)
	address := program.FreeAddress(t)
	n := program.Spawn(t, program.With(program.VoiceEnv(t, "VONAGE_VOICE_BASE_URL", voice.BaseURL()), "DATABASE_URL",
		in.Env["DATABASE_URL"], "NIGHTLATCH_KEY_FILE", in.Env["NIGHTLATCH_KEY_FILE"],
		"NIGHTLATCH_ADDR", address, "NIGHTLATCH_URL", "http://"+address, "SMS_PROVIDER", "vonage", "VONAGE_BASE_URL",
		in.SMS.BaseURL()))
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	code := program.CodeIn(t, in.Texts(1, 10*time.Second)[0].Text)
	b.Get("/login/code").Press("Call me instead").Says("You can ask for another message in")
	in.Exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	b.Get("/login/code").Press("Call me instead").On("/login/code")
	program.Eventually(t, 10*time.Second, "the phone rings", func() bool { return len(voice.Received()) == 1 })
	call := voice.Received()[0]
	if call.To != "31657431290" || strings.Contains(string(call.Raw), code) {
		t.Errorf("the call was asked for with %s", call.Raw)
	}
	b.LineSays(10*time.Second, "Answer the call and press any key", "current")
	voice.Event(call, "answered")
	b.LineSays(10*time.Second, "Press any key on your phone", "current")
	_, ncco := voice.Press(call, "5")
	digits := regexp.MustCompile(`[0-9]`).FindAllString(smstest.Talk(ncco), -1)
	if spoken := strings.Join(digits, ""); !strings.HasPrefix(spoken, code) {
		t.Errorf("spoken were the digits %s of %s", spoken, smstest.Talk(ncco))
	}
	b.LineSays(10*time.Second, "The code was spoken", "done")
	b.Enters(code).On("/settings/me")
	if _, ncco := voice.Press(call, "5"); strings.Contains(string(ncco), code[:1]+", ") {
		t.Errorf("a used code is spoken: %s", ncco)
	}
	if strings.Contains(n.Log.String(), code) {
		t.Error("the log holds the code")
	}
}

// A flood of receipts, repeated and unknown ones, waits outside: log-ins go on.
func TestAFloodOfReceiptsHoldsNoLogInUp(t *testing.T) {
	t.Parallel()
	in, _, n := twoProviders(t)
	in.Crowd(6, "jdoe")
	program.NewBrowser(t, n.URL).LogIn("ACME", "jdoe", program.Password).On("/login/code")
	m := in.Texts(1, 10*time.Second)[0]
	unknown := m
	unknown.Ref = strings.Repeat("a", 26) + ".1"
	stop := make(chan struct{})
	var answers sync.Map // status → *atomic.Int64
	var flood sync.WaitGroup
	for i := range 12 {
		flood.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				of := m
				if i%3 == 0 {
					of = unknown
				}
				for _, code := range in.SMS.Deliver(of, smstest.Receipt{Status: "accepted"}, smstest.Receipt{Status: "buffered"}) {
					count, _ := answers.LoadOrStore(code, &atomic.Int64{})
					count.(*atomic.Int64).Add(1)
				}
			}
		})
	}
	began := time.Now()
	for i := range 6 {
		b := program.NewBrowser(t, n.URL)
		b.LogIn("ACME", fmt.Sprintf("u%d", i+1), program.Password).On("/login/code")
		texts := in.Texts(i+2, 10*time.Second)
		b.Enters(program.CodeIn(t, texts[i+1].Text)).On("/settings/me")
		for _, e := range b.Seen.List() {
			if e.Took > 7*time.Second {
				t.Errorf("%s %s took %s in the flood", e.Method, e.Path, e.Took)
			}
		}
	}
	took := time.Since(began)
	close(stop)
	flood.Wait()
	total := int64(0)
	answers.Range(func(code, count any) bool {
		total += count.(*atomic.Int64).Load()
		if code != 204 && code != 503 {
			t.Errorf("%d receipts were answered with %v", count.(*atomic.Int64).Load(), code)
		}
		return true
	})
	t.Logf("six log-ins took %s while %d receipts came, %.0f a second", took.Round(time.Millisecond), total,
		float64(total)/took.Seconds())
	if kept := in.Ask("select count(*) from receipts"); kept != "2" {
		t.Errorf("%s receipts are kept, not each status once", kept)
	}
}
