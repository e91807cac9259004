package sms

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

func gateway(t *testing.T, url string, timeout time.Duration) *Webhook {
	t.Helper()
	w, err := NewWebhook(WebhookConfig{
		URL: url, Secret: testWebhookSecret, Callback: "https://login.example/hooks/x7/webhook", Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func gatewayStandIn(t *testing.T, steps ...smstest.Step) (*Webhook, *smstest.Gateway) {
	t.Helper()
	server := smstest.NewGateway(testWebhookSecret, steps...)
	t.Cleanup(server.Close)
	return gateway(t, server.URL(), 5*time.Second), server
}

func TestAGatewayIsSentSignedJSON(t *testing.T) {
	w, server := gatewayStandIn(t)
	before := time.Now()
	o := w.Send(t.Context(), testText())
	want(t, o, Sent, "0", "")
	if o.ProviderID != "gw-000001" || o.Price != "0.07270000" || o.Network != "20408" || o.Parts != 1 || o.Balance != "" {
		t.Errorf("outcome %+v", o)
	}
	m := server.Received()[0] // not signed, it would not be here
	if m.ID != "7.1" || m.To != testTo || m.Text != testText().Body ||
		m.Callback != "https://login.example/hooks/x7/webhook" {
		t.Errorf("received %+v", m)
	}
	if left := m.Expires.Sub(before); left < 238*time.Second || left > 241*time.Second {
		t.Errorf("expires in %s, want the code's life", left)
	}
}

func TestAnotherSecretIsRefused(t *testing.T) {
	_, server := gatewayStandIn(t)
	w, err := NewWebhook(WebhookConfig{URL: server.URL(), Secret: "whsec_" + strings.Repeat("AAAA", 8)})
	if err != nil {
		t.Fatal(err)
	}
	want(t, w.Send(t.Context(), testText()), Account, "http 401", Credentials)
}

func TestEachAnswerOfAGatewayHasItsClass(t *testing.T) {
	for code, row := range map[int]struct {
		class  Class
		reason Reason
	}{
		429: {Retry, Throttled}, 503: {Retry, ProviderBusy},
		500: {Unknown, ProviderError}, 502: {Unknown, ProviderError}, 504: {Unknown, ProviderError}, 408: {Unknown, NoAnswer},
		401: {Account, Credentials}, 403: {Account, Credentials}, 402: {Account, NoCredit},
		400: {Ours, RequestWrong}, 404: {Ours, AddressWrong}, 405: {Ours, AddressWrong}, 410: {Ours, AddressWrong},
		413: {Ours, RequestWrong},
		422: {Ours, RequestWrong}, 302: {Ours, AddressWrong},
	} {
		w, _ := gatewayStandIn(t, smstest.HTTP(code))
		want(t, w.Send(t.Context(), testText()), row.class, "http "+strconv.Itoa(code), row.reason)
	}
	w, _ := gatewayStandIn(t, smstest.RetryAfter(503, "7"))
	if o := w.Send(t.Context(), testText()); o.After != 7*time.Second {
		t.Errorf("after is %s", o.After)
	}
	for answer, class := range map[string]Class{
		`{"error":"number"}`: Number, `{"error":"text"}`: Ours, `{"Error":"number"}`: Ours, `number`: Ours, ``: Ours,
		`{"error":["number"]}`: Ours,
	} {
		if o := classifyGateway(422, []byte(answer)); o.Class != class || o.Status != "http 422" {
			t.Errorf("422 with %s is %+v", answer, o)
		}
		if o := classifyGateway(400, []byte(answer)); o.Class != Ours {
			t.Errorf("400 with %s is %+v", answer, o)
		}
	}
}

func TestAGatewaysAnswerNeedsNoWords(t *testing.T) {
	for _, words := range []string{"", " \n", "{}", `{"id":["x"],"price":{},"network":null}`} {
		w, _ := gatewayStandIn(t, smstest.Body("text/plain", words))
		want(t, w.Send(t.Context(), testText()), Sent, "0", "")
	}
	for _, words := range []string{"<html>Welcome to the hotel", "null", "[]", "ok", `"id"`, "7", `{"id":"x"`, "{}{}",
		"{}" + strings.Repeat(" ", 64<<10)} {
		w, _ := gatewayStandIn(t, smstest.Body("application/json", words))
		want(t, w.Send(t.Context(), testText()), Unknown, "unreadable", Unreadable)
	}
}

func TestAPriceInAnotherCurrencyIsUnknown(t *testing.T) {
	for currency, price := range map[string]string{"": "0.05", "EUR": "0.05", "USD": "", "eur": ""} {
		w, _ := gatewayStandIn(t, smstest.Body("application/json", `{"price":0.05,"currency":"`+currency+`"}`))
		if o := w.Send(t.Context(), testText()); o.Class != Sent || o.Price != price {
			t.Errorf("in %q the price is %q", currency, o.Price)
		}
	}
}

func TestAGatewayThatEchoesIsNotRepeated(t *testing.T) {
	for _, private := range []string{testTo, testTo[1:], "id-" + testTo[1:], testWebhookSecret, testText().Body, "<b>"} {
		words, _ := json.Marshal(map[string]string{"id": private, "price": private, "network": private})
		w, _ := gatewayStandIn(t, smstest.Body("application/json", string(words)))
		o := w.Send(t.Context(), testText())
		if want(t, o, Sent, "0", ""); o.ProviderID+o.Price+o.Network != "" {
			t.Errorf("outcome %+v repeats %q", o, private)
		}
	}
}

func TestAGatewayWithoutAnAnswerIsUnknownAndWithoutAConnectionIsNot(t *testing.T) {
	for status, step := range map[string]smstest.Step{"timeout": smstest.Hang(), "reset": smstest.Reset()} {
		server := smstest.NewGateway(testWebhookSecret, step)
		want(t, gateway(t, server.URL(), 400*time.Millisecond).Send(t.Context(), testText()), Unknown, status, NoAnswer)
		if n := len(server.Accepted()); n != 1 {
			t.Errorf("%s: %d taken", status, n)
		}
		server.Close()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	want(t, gateway(t, "http://"+listener.Addr().String(), time.Second).Send(t.Context(), testText()), Retry,
		"dial", NoConnection)
	w, server := gatewayStandIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, w.Send(ctx, testText()), Retry, "stopped", NoConnection)
	for _, change := range []func(*Text){func(t *Text) { t.To = "12025550143" }, func(t *Text) {
		t.Body = ""
	}, func(t *Text) {
		t.Ref = ""
	}, func(t *Text) {
		t.Ref = "a\nb"
	}} {
		text := testText()
		change(&text)
		want(t, w.Send(t.Context(), text), Ours, "request", RequestWrong)
	}
	if n := len(server.Received()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestWrongGatewaySettingsStopTheStart(t *testing.T) {
	good := WebhookConfig{URL: "https://gateway.example/send", Secret: testWebhookSecret}
	if w, err := NewWebhook(good); err != nil || w.cfg.Timeout != maxTimeout {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*WebhookConfig){
		"SMS_WEBHOOK_URL is missing":      func(c *WebhookConfig) { c.URL = "" },
		"SMS_WEBHOOK_URL must begin":      func(c *WebhookConfig) { c.URL = "http://gateway.example/send" },
		"SMS_WEBHOOK_URL must hold no":    func(c *WebhookConfig) { c.URL = "https://me:kanary@gateway.example/" },
		"no ? and no #":                   func(c *WebhookConfig) { c.URL += "?key=kanary" },
		"SMS_WEBHOOK_URL must be a whole": func(c *WebhookConfig) { c.URL = "kanary" },
		"SMS_WEBHOOK_SECRET is missing":   func(c *WebhookConfig) { c.Secret = "" },
		"must begin with whsec_":          func(c *WebhookConfig) { c.Secret = "kanary" },
		"must be base64":                  func(c *WebhookConfig) { c.Secret = "whsec_kanary!" },
		"24 to 64 bytes; this one has 3":  func(c *WebhookConfig) { c.Secret = "whsec_AAAA" },
		"this one has 66":                 func(c *WebhookConfig) { c.Secret = "whsec_" + strings.Repeat("AAAA", 22) },
		"address for receipts":            func(c *WebhookConfig) { c.Callback = "http://login.example/x" },
		"time limit":                      func(c *WebhookConfig) { c.Timeout = time.Minute },
	} {
		cfg := good
		change(&cfg)
		if w, err := NewWebhook(cfg); err == nil || w != nil || !strings.Contains(err.Error(), name) ||
			strings.Contains(err.Error(), "kanary") {
			t.Errorf("want a sentence with %q, got %v", name, err)
		}
	}
}
