package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const itsRef = "abcdefghijklmnopqrstuvwxyz.1"

// inbox is a receiver that remembers.
type inbox struct {
	mu       sync.Mutex
	got      []sms.Receipt
	err      error
	over     bool
	spokenOf []string
}

func (i *inbox) Receive(_ context.Context, r sms.Receipt) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, r)
	return i.err
}

func (i *inbox) Spoken(_ context.Context, ref string) (code, language string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.spokenOf = append(i.spokenOf, ref)
	if i.over {
		return "", "nl", message.ErrOver
	}
	return "493817", "nl", nil
}

func (i *inbox) receipts() []sms.Receipt {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

// uncounted are requests that nobody counts.
type uncounted struct{}

func (uncounted) Request(string, string, int, time.Duration) {}

// hookSite serves the hooks of a configuration, and counts the refused.
func hookSite(t *testing.T, env map[string]string, in *inbox) (base string, refused *[]string, log *bytes.Buffer) {
	t.Helper()
	cfg, err := readConfig(sms.Providers(), env)
	if err != nil {
		t.Fatal(err)
	}
	carriers, err := newCarriers(cfg, program.TestHooks, nil)
	if err != nil {
		t.Fatal(err)
	}
	log, refused = &bytes.Buffer{}, &[]string{}
	logger := newLogger(log, slog.LevelInfo)
	h := message.NewHooks(carriers, in, logger, func(provider string) { *refused = append(*refused, provider) })
	proxies := proxy.NewWatch(nil, nil, logger, func(proxy.Finding) {}, time.Now)
	site, err := handlers.New(handlers.Services{Requests: uncounted{}, Proxies: proxies},
		&url.URL{Scheme: "http", Host: "localhost"}, "Nightlatch", logger,
		handlers.WithHooks(h, func() []string { return []string{"token"} }))
	if err != nil {
		t.Fatal(err)
	}
	return served(t, site) + "/hooks/token", refused, log
}

func TestReceiptsOfEveryProviderReachTheMessage(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	env := program.VoiceEnv(t, "SMS_WEBHOOK_URL", "https://gateway.example/send", "SMS_WEBHOOK_SECRET",
		program.WebhookSecret)
	base, refused, log := hookSite(t, env, in)

	texts := smstest.NewServer()
	t.Cleanup(texts.Close)
	texts.Sign(program.SignatureSecret, "sha256")
	m := smstest.Message{To: "31612345678", Ref: itsRef, ID: "0A01", Callback: base + "/vonage"}
	if codes := texts.Deliver(m, smstest.Receipt{Status: "buffered"}, smstest.Receipt{Status: "failed", ErrCode: "6",
		Times: 2}); !slices.Equal(codes, []int{204, 204, 204}) {
		t.Errorf("receipts are answered with %v", codes)
	}
	gateway := smstest.NewGateway(program.WebhookSecret)
	t.Cleanup(gateway.Close)
	p, err := providersOf(t, program.With(env, "SMS_WEBHOOK_URL", gateway.URL()))
	if err != nil {
		t.Fatal(err)
	}
	p.Send(t.Context(), "webhook", message.Text{To: "+31612345678", Code: "493817", Ref: itsRef, Life: time.Minute})
	if codes := gateway.Deliver(base+"/webhook", 1, "delivered"); !slices.Equal(codes, []int{204}) {
		t.Errorf("the gateway's receipt is answered with %v", codes)
	}
	calls := smstest.NewVoice()
	t.Cleanup(calls.Close)
	calls.Sign(program.SignatureSecret)
	call := smstest.Call{
		UUID: "63f61863-4a51-4f6b-86e1-46edebcf9356", To: "31612345678", EventURL: base + "/voice/" + itsRef,
	}
	for _, status := range []string{"ringing", "answered", "completed"} {
		if code := calls.Event(call, status); code != 204 {
			t.Errorf("%s is answered with %d", status, code)
		}
	}
	call.EventURL = base + "/voice" // the application's own address, without a ref
	if code := calls.Event(call, "busy"); code != 204 {
		t.Errorf("an event without a ref is answered with %d", code)
	}
	want := []sms.Receipt{
		{Provider: "vonage", ProviderID: "0A01", Ref: itsRef, Status: sms.Buffered, Network: "20408"},
		{Provider: "vonage", ProviderID: "0A01", Ref: itsRef, Status: sms.Failed, ErrorCode: "6", Reason: "spam",
			Network: "20408"},
		{Provider: "vonage", ProviderID: "0A01", Ref: itsRef, Status: sms.Failed, ErrorCode: "6", Reason: "spam",
			Network: "20408"},
		{Provider: "webhook", ProviderID: "gw-000001", Ref: itsRef, Status: sms.Delivered, Network: "20408"},
		{Provider: "voice", ProviderID: call.UUID, Ref: itsRef, Status: sms.Answered},
		{Provider: "voice", ProviderID: call.UUID, Status: sms.Rejected},
	}
	if got := in.receipts(); !slices.Equal(got, want) {
		t.Errorf("received\n%+v, want\n%+v", got, want)
	}
	if len(*refused) > 0 {
		t.Errorf("refused %v", *refused)
	}

	// What is not signed, or signed long ago, is refused, counted and logged without a number.
	texts.Skew(-6 * time.Minute)
	gateway.Skew(6 * time.Minute)
	calls.Skew(-6 * time.Minute)
	call.KeyURL = base + "/voice/" + itsRef
	codes := texts.Deliver(m, smstest.Receipt{Status: "delivered"})
	codes = append(codes, gateway.Deliver(base+"/webhook", 1, "failed")...)
	codes = append(codes, calls.Event(call, "failed"))
	pressed, _ := calls.Press(call, "1")
	codes = append(codes, pressed)
	texts.Skew(0)
	texts.Sign("another secret of theirs", "sha256")
	codes = append(codes, texts.Deliver(m, smstest.Receipt{Status: "delivered"})...)
	if !slices.Equal(codes, []int{401, 401, 401, 401, 401}) ||
		!slices.Equal(*refused, []string{"vonage", "webhook", "voice", "voice", "vonage"}) {
		t.Errorf("answered %v, counted %v", codes, *refused)
	}
	if got := in.receipts(); len(got) != len(want) || len(in.spokenOf) > 0 {
		t.Errorf("%d receipts, spoken of %v", len(got), in.spokenOf)
	}
	if said := log.String(); strings.Count(said, "hook refused") != 5 || strings.Contains(said, "31612345678") ||
		strings.Contains(said, "/token") {
		t.Errorf("the log: %s", said)
	}
	if code := posted(t, base+"/webhook", "x"); code != 401 {
		t.Errorf("nonsense is answered with %d", code)
	}
	if code := posted(t, base+"/vonage", "%zz"); code != 400 {
		t.Errorf("what cannot be read is answered with %d", code)
	}
}

func TestTheCodeOfACallIsSpokenToWhoeverPressesAKey(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	base, _, log := hookSite(t, program.VoiceEnv(t), in)
	calls := smstest.NewVoice()
	t.Cleanup(calls.Close)
	calls.Sign(program.SignatureSecret)
	p, err := providersOf(t, program.VoiceEnv(t, "VONAGE_VOICE_BASE_URL", calls.BaseURL()))
	if err != nil {
		t.Fatal(err)
	}
	if o := p.Send(t.Context(), "voice", message.Text{To: "+31612345678", Language: "nl", Code: "493817", Ref: itsRef,
		Life: time.Minute}); o.Class != sms.Sent {
		t.Fatalf("%+v", o)
	}
	call := calls.Received()[0]
	call.KeyURL = base + "/voice/" + call.Ref

	// A machine presses nothing, and hears nothing.
	if code, ncco := calls.Press(call, ""); code != 204 || len(ncco) > 0 || len(in.spokenOf) > 0 ||
		len(in.receipts()) > 0 {
		t.Errorf("nobody pressed: %d %s", code, ncco)
	}
	code, ncco := calls.Press(call, "5")
	if want :=
		"Uw verificatiecode voor Nightlatch is: 4. 9. 3. 8. 1. 7. Nog een keer: 4. 9. 3. 8. 1. 7. Tot ziens."; code != 200 ||
		smstest.Talk(ncco) != want {
		t.Errorf("%d: %s", code, ncco)
	}
	if got := in.receipts(); len(got) != 1 ||
		got[0] != (sms.Receipt{Provider: "voice", ProviderID: call.UUID, Ref: itsRef, Status: sms.Delivered}) {
		t.Errorf("received %+v", got)
	}
	// The receipt improves a screen; without it the code is heard all the same.
	in.err = errors.New("no room for " + itsRef)
	if code, ncco := calls.Press(call, "5"); code != 200 || !strings.Contains(string(ncco), "4. 9. 3.") {
		t.Errorf("without a receipt: %d %s", code, ncco)
	}
	in.err, in.over = nil, true
	if code, ncco := calls.Press(call, "5"); code != 200 || !strings.Contains(smstest.Talk(ncco), "niet meer geldig") ||
		strings.Contains(string(ncco), "4. 9.") {
		t.Errorf("when it is over: %d %s", code, ncco)
	}
	if n := len(in.receipts()); n != 2 {
		t.Errorf("%d receipts", n)
	}
	call.KeyURL = base + "/voice/not-a-ref"
	if code, _ := calls.Press(call, "5"); code != 400 {
		t.Errorf("not a ref: %d", code)
	}
	if said := log.String(); strings.Contains(said, "493817") || strings.Contains(said, "4. 9.") {
		t.Errorf("the log: %s", said)
	}
}

func TestAHookOfAProviderThatIsNotSetUpIsNotThere(t *testing.T) {
	t.Parallel()
	base, _, _ := hookSite(t, program.VonageEnv("VONAGE_SIGNATURE_SECRET", program.SignatureSecret), &inbox{})
	for path, want := range map[string]int{"/vonage": 401, "/voice": 404, "/voice/" + itsRef: 404, "/webhook": 404} {
		if code := posted(t, base+path, "a=b"); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	cfg, err := readConfig(sms.Providers(), program.VonageEnv())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := newCarriers(cfg, program.TestHooks, nil); err != nil || c.Posts() {
		t.Errorf("without a signature secret: %v", err)
	}
}

func TestEveryKeyOfTheRingHasItsToken(t *testing.T) {
	t.Parallel()
	oldText, newText := keys.Generate(), keys.Generate()
	tokens := func(text string) []string {
		ring, err := keys.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return hookTokens(ring)
	}
	old, both := tokens(oldText), tokens(newText+oldText)
	if len(old) != 1 || len(both) != 2 || both[1] != old[0] || both[0] == both[1] || len(old[0]) != 26 ||
		strings.Trim(old[0], "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("tokens %v and %v", old, both)
	}
	if again := tokens(oldText); again[0] != old[0] {
		t.Error("a key has two tokens")
	}
}

func posted(t *testing.T, address, body string) int {
	t.Helper()
	res, err := http.Post(address, "application/x-www-form-urlencoded", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// The whole program: a text carries the address for receipts, and that is where they are taken.
func TestServeTakesTheReceiptsItAskedFor(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	address := program.FreeAddress(t)
	in.SMS.Sign(program.SignatureSecret, "sha512")
	n := program.Spawn(t, program.With(in.Env, "NIGHTLATCH_ADDR", address, "NIGHTLATCH_URL", "http://"+address,
		"VONAGE_SIGNATURE_SECRET", program.SignatureSecret, "VONAGE_SIGNATURE_METHOD", "sha512"))
	program.NewBrowser(t, n.URL).LogIn("ACME", "jdoe", program.Password).On("/login/code")
	m := in.Texts(1, 10*time.Second)[0]
	token, found := strings.CutSuffix(strings.TrimPrefix(m.Callback, "http://"+address+"/hooks/"), "/vonage")
	if !found || len(token) != 26 || !m.Receipt {
		t.Fatalf("the address for receipts is %q", m.Callback)
	}
	if codes := in.SMS.Deliver(m, smstest.Receipt{Status: "delivered", Times: 2}); !slices.Equal(codes, []int{204, 204}) {
		t.Errorf("receipts are answered with %v", codes)
	}
	in.SMS.Sign(program.SignatureSecret, "sha256")
	if codes := in.SMS.Deliver(m, smstest.Receipt{Status: "failed"}); !slices.Equal(codes, []int{401}) {
		t.Errorf("a receipt signed in another way is answered with %v", codes)
	}
	for path, want := range map[string]int{"/hooks/" + strings.Repeat("a", 26) + "/vonage": 404,
		"/hooks/" + token + "/webhook": 404, "/hooks/" + token + "/voice": 404} {
		if code := posted(t, n.URL+path, "a=b"); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	if said := n.Log.String(); strings.Contains(said, token) || strings.Contains(said, "31657431290") ||
		strings.Contains(said, program.SignatureSecret) ||
		!strings.Contains(said, fmt.Sprintf("route=%s status=204", "/hooks/:token/vonage")) ||
		!strings.Contains(said, "hook refused") {
		t.Errorf("the log: %s", said)
	}
}

func served(t *testing.T, site http.Handler) string {
	t.Helper()
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	return server.URL
}
