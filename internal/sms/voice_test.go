package sms

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const (
	testApplication = "1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f"
	testCallback    = "https://login.example/hooks/x7/voice"
)

var testPrompt = Speech{Language: "en-GB", Text: "This is Nightlatch. Press any key to hear your verification code."}

// testPrivateKey is made once: it takes a while.
var testPrivateKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

func voiceSettings(base string) VoiceConfig {
	return VoiceConfig{
		Application: testApplication, PrivateKey: testPrivateKey(), From: "+31201234567", BaseURL: base,
		Callback: testCallback,
	}
}

func caller(t *testing.T, base string, timeout time.Duration) *Voice {
	t.Helper()
	cfg := voiceSettings(base)
	cfg.Timeout = timeout
	v, err := NewVoice(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.transport.(*http.Transport).CloseIdleConnections)
	return v
}

func voiceStandIn(t *testing.T, steps ...smstest.Step) (*Voice, *smstest.Voice) {
	t.Helper()
	server := smstest.NewVoice(steps...)
	t.Cleanup(server.Close)
	return caller(t, server.BaseURL(), 5*time.Second), server
}

func testCall() Text {
	return Text{To: testTo, Ref: testRef, Life: 4 * time.Minute, Prompt: testPrompt}
}

func TestACallAsksForAKeyAndHoldsNoCode(t *testing.T) {
	for _, prompt := range []Speech{
		testPrompt,
		{Language: "nl-NL", Text: "Dit is Nightlatch. Druk op een toets om uw verificatiecode te horen."},
	} {
		v, server := voiceStandIn(t)
		text := testCall()
		text.Prompt = prompt
		text.Body = "The code is " + testCode // by mistake
		o := v.Send(t.Context(), text)
		want(t, o, Sent, "0", "")
		c := server.Received()[0]
		if o.ProviderID != c.UUID || o.Parts != 1 || !o.MayHaveSent() {
			t.Errorf("outcome %+v of call %s", o, c.UUID)
		}
		if c.To != testTo[1:] || c.From != "31201234567" || c.Ref != testRef || c.Application != testApplication {
			t.Errorf("the call is %+v", c)
		}
		if c.Prompt != prompt.Text || c.Language != prompt.Language {
			t.Errorf("said in %s: %s", c.Language, c.Prompt)
		}
		if url := testCallback + "/" + testRef; c.KeyURL != url || c.EventURL != url || c.Machine != "hangup" ||
			c.Ringing != 30 {
			t.Errorf("the call is %+v", c)
		}
		if strings.Contains(string(c.Raw), testCode) {
			t.Errorf("the code is in the request: %s", c.Raw)
		}
		var request struct {
			NCCO []map[string]any
		}
		if err := json.Unmarshal(c.Raw, &request); err != nil || len(request.NCCO) != 2 ||
			request.NCCO[0]["bargeIn"] != true ||
			fmt.Sprint(request.NCCO[1]["dtmf"]) != "map[maxDigits:1 timeOut:10]" || request.NCCO[1]["eventMethod"] != "POST" {
			t.Errorf("the NCCO is %v, %v", request.NCCO, err)
		}
	}
}

func TestAPhoneRingsNoLongerThanTheCodeLives(t *testing.T) {
	v, server := voiceStandIn(t)
	for life, seconds := range map[time.Duration]int{4 * time.Minute: 30, 30 * time.Second: 30,
		21500 * time.Millisecond: 21, time.Second: 10, -time.Hour: 10} {
		text := testCall()
		text.Life = life
		want(t, v.Send(t.Context(), text), Sent, "0", "")
		if got := server.Received(); got[len(got)-1].Ringing != seconds {
			t.Errorf("with %s left it rings for %d s, want %d", life, got[len(got)-1].Ringing, seconds)
		}
	}
}

func TestWhatACallSays(t *testing.T) {
	for got, want := range map[string]string{
		string(Speech{"en-GB", 0, "Good day."}.NCCO()): `[{"action":"talk","text":"Good day.","language":"en-GB"}]`,
		string(Speech{"fr-FR", 3, "Salut."}.NCCO()):    `[{"action":"talk","text":"Salut.","language":"fr-FR","style":3}]`,
		SpokenName("Zoë & Co"):                         "Zoë & Co",
		SpokenName("<speak>x</speak>"):                 "speak x /speak",
		SpokenName(" \n<> "):                           "Nightlatch",
		fmt.Sprintf("%v %+v", Speech{"en-GB", 0, testCode}, &Speech{"nl-NL", 0, testCode}): "speech in en-GB speech in nl-NL",
	} {
		if got != want {
			t.Errorf("said is\n%s, want\n%s", got, want)
		}
	}
}

func TestEachEndingOfACallRequestHasItsClass(t *testing.T) {
	for code, row := range map[int]struct {
		class  Class
		reason Reason
	}{
		429: {Retry, Throttled}, 503: {Retry, ProviderBusy},
		500: {Unknown, ProviderError}, 502: {Unknown, ProviderError}, 504: {Unknown, ProviderError}, 408: {Unknown, NoAnswer},
		// The SDK calls a 400, 401 or 404 a success when its text is not JSON; these are not.
		400: {Ours, RequestWrong}, 404: {Ours, AddressWrong}, 401: {Account, Credentials},
		402: {Account, NoCredit}, 403: {Account, Credentials}, 405: {Ours, AddressWrong}, 422: {Ours, RequestWrong},
	} {
		v, server := voiceStandIn(t, smstest.HTTP(code))
		want(t, v.Send(t.Context(), testCall()), row.class, "http "+strconv.Itoa(code), row.reason)
		if n := len(server.Received()); n != 1 {
			t.Errorf("%d: %d requests", code, n)
		}
	}
	v, _ := voiceStandIn(t, smstest.RetryAfter(429, "2"))
	if o := v.Send(t.Context(), testCall()); o.After != 2*time.Second {
		t.Errorf("after is %s", o.After)
	}
	elsewhere := smstest.NewVoice()
	defer elsewhere.Close()
	v, _ = voiceStandIn(t, smstest.Redirect(307, elsewhere.BaseURL()))
	want(t, v.Send(t.Context(), testCall()), Ours, "http 307", AddressWrong)
	if len(elsewhere.Received()) > 0 {
		t.Error("the token went elsewhere")
	}
}

func TestACallAnswerThatSaysNothingIsUnknown(t *testing.T) {
	for _, words := range []string{
		"", "null", "[]", "{}", `{"uuid":""}`, `{"uuid":null}`, `{"uuid":["x"]}`,
		`{"UUID":"63f61863-4a51-4f6b-86e1-46edebcf9356"}`, "<html>", `{"uuid":"x"`, `{"uuid":"x"}{}`,
		`{"uuid":"x"}` + strings.Repeat(" ", 64<<10),
	} {
		v, _ := voiceStandIn(t, smstest.Body("application/json", words))
		want(t, v.Send(t.Context(), testCall()), Unknown, "unreadable", Unreadable)
	}
	for _, id := range []string{testTo[1:], "x" + testTo[1:], "<b>", strings.Repeat("9", 99)} {
		v, _ := voiceStandIn(t, smstest.Body("text/plain", `{"uuid":"`+id+`"}`))
		o := v.Send(t.Context(), testCall())
		want(t, o, Sent, "0", "")
		if o.ProviderID != "" {
			t.Errorf("%q is kept", o.ProviderID)
		}
	}
}

func TestACallRequestWithoutAnAnswerIsUnknown(t *testing.T) {
	for name, row := range map[string]struct {
		step   smstest.Step
		status string
	}{
		"hang": {smstest.Hang(), "timeout"}, "stall": {smstest.Stall(), "timeout"}, "slow": {smstest.Slow(time.Minute),
			"timeout"}, "reset": {smstest.Reset(), "reset"},
	} {
		server := smstest.NewVoice(row.step)
		want(t, caller(t, server.BaseURL(), 400*time.Millisecond).Send(t.Context(), testCall()), Unknown,
			row.status, NoAnswer)
		if n := len(server.Received()); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
		server.Close()
	}
	v, _ := voiceStandIn(t, smstest.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	want(t, v.Send(ctx, testCall()), Unknown, "timeout", NoAnswer)
	v, _ = voiceStandIn(t, smstest.Slow(100*time.Millisecond))
	want(t, v.Send(t.Context(), testCall()), Sent, "0", "")
}

func TestACallThatNeverLeftIsSafeToRepeat(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	want(t, caller(t, "http://"+listener.Addr().String()+"/v1/calls", time.Second).Send(t.Context(), testCall()), Retry,
		"dial", NoConnection)

	v, server := voiceStandIn(t)
	for name, change := range map[string]func(*Text){
		"no number": func(t *Text) { t.To = "" }, "no plus": func(t *Text) { t.To = "12025550143" }, "no ref": func(t *Text) {
			t.Ref = ""
		},
		"a ref that is a path": func(t *Text) { t.Ref = "../x" }, "a ref too long": func(t *Text) {
			t.Ref = strings.Repeat("r", 41)
		},
	} {
		text := testCall()
		change(&text)
		if want(t, v.Send(t.Context(), text), Ours, "request", RequestWrong); t.Failed() {
			t.Fatal(name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, v.Send(ctx, testCall()), Retry, "stopped", NoConnection)
	if n := len(server.Received()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	v.transport = tripper(func(*http.Request) (*http.Response, error) { panic("quotes " + testTo) })
	want(t, v.Send(t.Context(), testCall()), Unknown, "unreadable", Unreadable)
}

func TestManyCallsAtOnceDoNotMix(t *testing.T) {
	v, server := voiceStandIn(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			text := testCall()
			text.To, text.Ref = fmt.Sprintf("+120255501%02d", i), fmt.Sprintf("ref.%02d", i)
			want(t, v.Send(t.Context(), text), Sent, "0", "")
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, c := range server.Received() {
		if c.To[len(c.To)-2:] != c.Ref[len(c.Ref)-2:] {
			t.Errorf("mixed up: %s for %s", c.To, c.Ref)
		}
		seen[c.Ref] = true
	}
	if len(seen) != 16 {
		t.Errorf("%d of 16 arrived", len(seen))
	}
}

func TestWrongCallSettingsStopTheStart(t *testing.T) {
	if v, err := NewVoice(voiceSettings("")); err != nil || v.cfg.BaseURL != "https://api.nexmo.com/v1/calls" {
		t.Fatalf("good settings: %v", err)
	}
	for name, change := range map[string]func(*VoiceConfig){
		"VONAGE_APPLICATION_ID must be":   func(c *VoiceConfig) { c.Application = "kanary" },
		"VONAGE_PRIVATE_KEY_FILE does":    func(c *VoiceConfig) { c.PrivateKey = []byte("kanary") },
		"an RSA private key in PEM":       func(c *VoiceConfig) { c.PrivateKey = c.PrivateKey[:len(c.PrivateKey)/2] },
		"VONAGE_VOICE_FROM must be":       func(c *VoiceConfig) { c.From = "Nightlatch" },
		"VONAGE_VOICE_BASE_URL must":      func(c *VoiceConfig) { c.BaseURL = "http://api.nexmo.com/v1/calls" },
		"the address for calls must be a": func(c *VoiceConfig) { c.Callback = "" },
		"the address for calls must begi": func(c *VoiceConfig) { c.Callback = "http://login.example/hooks" },
		"time limit":                      func(c *VoiceConfig) { c.Timeout = 9 * time.Second },
	} {
		cfg := voiceSettings("")
		change(&cfg)
		if v, err := NewVoice(cfg); err == nil || v != nil || !strings.Contains(err.Error(), name) ||
			strings.Contains(err.Error(), "kanary") {
			t.Errorf("want a sentence with %q, got %v", name, err)
		}
	}
	v, err := NewVoice(voiceSettings(""))
	if err != nil {
		t.Fatal(err)
	}
	hook, err := NewWebhook(WebhookConfig{URL: "https://gateway.example/send", Secret: testWebhookSecret})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{v, *v, v.cfg, *v.cfg, hook, *hook, hook.cfg, *hook.cfg, struct{ h *Webhook }{hook}} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		shown := log.String() + fmt.Sprintf("%v %+v %#v %s %x %d", value, value, value, value, value, value)
		if strings.Contains(shown, "PRIVATE") || strings.Contains(shown, testApplication) ||
			strings.Contains(shown, testWebhookSecret) || strings.Contains(shown, "gateway.example") {
			t.Errorf("printing shows %s", shown)
		}
	}
}
