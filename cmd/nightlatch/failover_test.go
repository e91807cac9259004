package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// twoProviders is an installation with Vonage first and a gateway second, both of which report receipts.
func twoProviders(t *testing.T, steps ...smstest.Step) (*installation, *smstest.Gateway, *node) {
	t.Helper()
	in := install(t, steps...)
	in.user("jdoe", "user", "+31657431290")
	in.sms.Sign(signatureSecret, "sha256")
	gateway := smstest.NewGateway(webhookSecret)
	t.Cleanup(gateway.Close)
	address, metrics := freeAddress(t), freeAddress(t)
	in.env = with(in.env, "NIGHTLATCH_ADDR", address, "NIGHTLATCH_URL", "http://"+address, "NIGHTLATCH_METRICS_ADDR", metrics,
		"VONAGE_SIGNATURE_SECRET", signatureSecret, "SMS_WEBHOOK_URL", gateway.URL(), "SMS_WEBHOOK_SECRET", webhookSecret, "SMS_ROUTES", "NL=vonage>webhook; *=vonage")
	return in, gateway, serving(t, in.env)
}

func (in *installation) metric(t *testing.T, want string) {
	t.Helper()
	eventually(t, 10*time.Second, "the metrics have "+want, func() bool {
		res, err := http.Get("http://" + in.env["NIGHTLATCH_METRICS_ADDR"] + "/metrics")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return strings.Contains(string(body), want)
	})
}

// The first provider has no credit any more: the second brings the same code, and the next log-in does not even ask
// the first.
func TestWhatTheFirstProviderRefusesTheSecondDelivers(t *testing.T) {
	t.Parallel()
	in, gateway, n := twoProviders(t, smstest.Status("9").Times(50))
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	b.lineSays(10*time.Second, "On its way to your phone", "current")
	first, second := in.sms.Received(), gateway.Accepted()
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("the first was called %d times, the second took %d", len(first), len(second))
	}
	if codeIn(t, first[0].Text) != codeIn(t, second[0].Text) {
		t.Error("they were given two codes")
	}
	in.metric(t, `nightlatch_breaker_open{class="account",provider="vonage"} 1`)
	in.metric(t, `nightlatch_sends_total{class="account",provider="vonage"} 1`)
	gateway.Deliver(second[0].Callback, 1, "delivered")
	b.lineSays(10*time.Second, "Delivered", "done")

	// The operator sees it at once, and why this user waited.
	ops := newBrowser(t, n.url)
	ops.get("/operator/login").press("Log in", "username", "ops", "password", password, "code", appCode(t, newOperator(t, in.env, "ops"), 0)).on("/operator").
		says("Vonage SMS gets no messages since")
	ops.get("/operator/waiting?office=ACME&username=jdoe").says("Vonage SMS refuses our account (status 9: no credit)").says("The message went to Webhook instead and was delivered")

	b.enters(codeIn(t, second[0].Text)).on("/settings/me")

	in.crowd(1, "jdoe")
	newBrowser(t, n.url).logIn("ACME", "u1", password).on("/login/code")
	eventually(t, 10*time.Second, "the second provider has the next one's", func() bool { return len(gateway.Accepted()) == 2 })
	if calls := len(in.sms.Received()); calls != 1 {
		t.Errorf("the first was asked %d times while its breaker is open", calls)
	}
}

// The carrier gives up: the live line says so as it happens, and the next provider sends the same code.
func TestAFailedReceiptIsFollowedByTheNextProvider(t *testing.T) {
	t.Parallel()
	in, gateway, n := twoProviders(t)
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	m := in.texts(1, 10*time.Second)[0]
	b.lineSays(5*time.Second, "On its way to your phone", "current")
	in.sms.Deliver(m, smstest.Receipt{Status: "buffered"})
	b.lineSays(5*time.Second, "Your phone cannot be reached", "current")
	in.sms.Deliver(m, smstest.Receipt{Status: "failed", ErrCode: "6", Times: 3})
	eventually(t, 10*time.Second, "the gateway has it", func() bool { return len(gateway.Accepted()) == 1 })
	if codeIn(t, m.Text) != codeIn(t, gateway.Accepted()[0].Text) {
		t.Error("it is another code")
	}
	// The first carrier changes its mind, late: the screen may be better for it, and nothing is sent again.
	in.sms.Deliver(m, smstest.Receipt{Status: "delivered"})
	b.lineSays(5*time.Second, "Delivered", "done")
	gateway.Deliver(gateway.Accepted()[0].Callback, 1, "failed")
	time.Sleep(time.Second)
	b.lineSays(5*time.Second, "Delivered", "done")
	if a, g := len(in.sms.Received()), len(gateway.Received()); a != 1 || g != 1 {
		t.Errorf("the providers were called %d and %d times", a, g)
	}
	b.enters(codeIn(t, m.Text)).on("/settings/me")
}

// Early, late, repeated, reordered and unknown: what a receipt says never admits anybody and never goes back.
func TestReceiptsInAnyOrder(t *testing.T) {
	t.Parallel()
	in, _, n := twoProviders(t, smstest.Accept().Receipts(smstest.Receipt{Status: "delivered", Early: true}))
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	m := in.texts(1, 10*time.Second)[0]
	b.lineSays(10*time.Second, "Delivered", "done")
	in.sms.Deliver(m, smstest.Receipt{Status: "accepted", Times: 2}, smstest.Receipt{Status: "failed"}, smstest.Receipt{Status: "delivered"})
	unknown := m
	unknown.Ref = strings.Repeat("a", 26) + ".1"
	in.sms.Deliver(unknown, smstest.Receipt{Status: "delivered"})
	b.lineSays(5*time.Second, "Delivered", "done")
	b.get("/settings/me").on("/login/code")
	if confirmed := in.ask("select count(*) from sessions where level = 2"); confirmed != "0" {
		t.Error("a receipt let somebody in")
	}
	if n := in.ask("select count(*) from receipts"); n != "3" {
		t.Errorf("%s receipts are kept, not delivered, accepted and failed once each", n)
	}
	b.enters(codeIn(t, m.Text)).on("/settings/me")
}

// A call instead of a text: the same code, after a key was pressed.
func TestACallBringsTheSameCode(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "+31657431290")
	voice := smstest.NewVoice()
	t.Cleanup(voice.Close)
	voice.Sign(signatureSecret)
	address := freeAddress(t)
	n := serving(t, with(voiceEnv(t, "VONAGE_VOICE_BASE_URL", voice.BaseURL()), "DATABASE_URL", in.env["DATABASE_URL"], "NIGHTLATCH_KEY_FILE", in.env["NIGHTLATCH_KEY_FILE"],
		"NIGHTLATCH_ADDR", address, "NIGHTLATCH_URL", "http://"+address, "SMS_PROVIDER", "vonage", "VONAGE_BASE_URL", in.sms.BaseURL()))
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	code := codeIn(t, in.texts(1, 10*time.Second)[0].Text)
	b.get("/login/code").press("Call me instead").says("You can ask for another message in")
	in.exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	b.get("/login/code").press("Call me instead").on("/login/code")
	eventually(t, 10*time.Second, "the phone rings", func() bool { return len(voice.Received()) == 1 })
	call := voice.Received()[0]
	if call.To != "31657431290" || strings.Contains(string(call.Raw), code) {
		t.Errorf("the call was asked for with %s", call.Raw)
	}
	b.lineSays(10*time.Second, "Answer the call and press any key", "current")
	voice.Event(call, "answered")
	b.lineSays(10*time.Second, "Press any key on your phone", "current")
	_, ncco := voice.Press(call, "5")
	digits := regexp.MustCompile(`[0-9]`).FindAllString(smstest.Talk(ncco), -1)
	if spoken := strings.Join(digits, ""); !strings.HasPrefix(spoken, code) {
		t.Errorf("spoken were the digits %s of %s", spoken, smstest.Talk(ncco))
	}
	b.lineSays(10*time.Second, "The code was spoken", "done")
	b.enters(code).on("/settings/me")
	if _, ncco := voice.Press(call, "5"); strings.Contains(string(ncco), code[:1]+", ") {
		t.Errorf("a used code is spoken: %s", ncco)
	}
	if strings.Contains(n.log.String(), code) {
		t.Error("the log holds the code")
	}
}

// A flood of receipts, repeated and unknown ones, waits outside: log-ins go on.
func TestAFloodOfReceiptsHoldsNoLogInUp(t *testing.T) {
	t.Parallel()
	in, _, n := twoProviders(t)
	in.crowd(6, "jdoe")
	newBrowser(t, n.url).logIn("ACME", "jdoe", password).on("/login/code")
	m := in.texts(1, 10*time.Second)[0]
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
				for _, code := range in.sms.Deliver(of, smstest.Receipt{Status: "accepted"}, smstest.Receipt{Status: "buffered"}) {
					count, _ := answers.LoadOrStore(code, &atomic.Int64{})
					count.(*atomic.Int64).Add(1)
				}
			}
		})
	}
	began := time.Now()
	for i := range 6 {
		b := newBrowser(t, n.url)
		b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code")
		texts := in.texts(i+2, 10*time.Second)
		b.enters(codeIn(t, texts[i+1].Text)).on("/settings/me")
		for _, e := range b.seen.list() {
			if e.took > 7*time.Second {
				t.Errorf("%s %s took %s in the flood", e.method, e.path, e.took)
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
	t.Logf("six log-ins took %s while %d receipts came, %.0f a second", took.Round(time.Millisecond), total, float64(total)/took.Seconds())
	if kept := in.ask("select count(*) from receipts"); kept != "2" {
		t.Errorf("%s receipts are kept, not each status once", kept)
	}
}
