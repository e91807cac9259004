package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// webhook is a gateway of the operator's own.
func webhook() Provider {
	return Provider{
		Name: "webhook", Channel: phone.ByText, Posts: true,
		Settings: []Setting{{Name: "SMS_WEBHOOK_URL", Needed: true}, {Name: "SMS_WEBHOOK_SECRET", Needed: true}},
		Open: func(s Setup) (Client, error) {
			secret := s.Env["SMS_WEBHOOK_SECRET"]
			w, err := NewWebhook(WebhookConfig{URL: s.Env["SMS_WEBHOOK_URL"], Secret: secret, Callback: s.Callback})
			if err != nil {
				return Client{}, err
			}
			receipts, err := NewWebhookReceipts(secret)
			if err != nil {
				return Client{}, err
			}
			return Client{Send: w.Send, Read: withoutRef(receipts.Read)}, nil
		},
	}
}

// accountCurrency is what prices are counted in: Vonage bills in euros. A gateway's price
// in another currency counts as unknown, since adding the two would be a lie.
const accountCurrency = "EUR"

// WebhookConfig is what an operator sets for a gateway of their own. Printing it, by
// accident, shows nothing.
type WebhookConfig struct {
	URL      string        // where texts are posted to; https, or http on loopback
	Secret   string        // whsec_ and 24 to 64 bytes in base64; signs both ways
	Callback string        // where the gateway may post receipts; "" for none
	Timeout  time.Duration // of a whole request; 8 s when 0, which is also the most
}

// Webhook sends through a gateway that takes signed JSON over HTTPS, so that any provider
// can be put behind it:
//
//	POST <URL>
//	webhook-id: <ref>      the same in every try: a gateway may drop what it has already sent
//	webhook-timestamp: <seconds>
//	webhook-signature: v1,<base64 of HMAC-SHA-256 of id.timestamp.body>
//
//	{"type":"code.send","id":"<ref>","to":"+31612345678","text":"…","expires_at":"<RFC 3339>","callback":"…"}
//
// Any 2xx is acceptance; {"id","price","currency","network"} in it are kept. 429 and 503 say
// "later" (with Retry-After), 401, 402 and 403 that the account cannot send, and 422 with
// {"error":"number"} that this number cannot get texts. See classifyHTTP for the others.
type Webhook struct {
	cfg       *WebhookConfig // fmt prints an inner pointer as an address
	secret    *[]byte
	transport http.RoundTripper
}

// NewWebhook checks the settings. Its errors are sentences for the operator and repeat no
// setting.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = maxTimeout
	}
	if cfg.URL == "" {
		return nil, errors.New("SMS_WEBHOOK_URL is missing: the address that texts are posted to")
	}
	if err := checkURL("SMS_WEBHOOK_URL", cfg.URL); err != nil {
		return nil, err
	}
	if cfg.Secret == "" {
		return nil, errors.New("SMS_WEBHOOK_SECRET is missing: make one with echo whsec_$(head -c 32 /dev/urandom | base64)")
	}
	secret, err := webhookSecret(cfg.Secret)
	if err != nil {
		return nil, err
	}
	if cfg.Callback != "" {
		if err := checkURL("the address for receipts", cfg.Callback); err != nil {
			return nil, err
		}
	}
	if cfg.Timeout < 0 || cfg.Timeout > maxTimeout {
		return nil, fmt.Errorf("the time limit for a call must lie between 0 and %s", maxTimeout)
	}
	return &Webhook{cfg: &cfg, secret: &secret, transport: newTransport()}, nil
}

// sendRequest is the body of one send.
type sendRequest struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	Expires  time.Time `json:"expires_at"`
	Callback string    `json:"callback,omitempty"`
}

// Send makes one call, within 8 s and within ctx, and says how it ended.
func (w *Webhook) Send(ctx context.Context, t Text) Outcome {
	if !mobile.MatchString(t.To) || t.Body == "" || !callRef.MatchString(t.Ref) {
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	now := time.Now().UTC()
	body, err := json.Marshal(sendRequest{
		Type: "code.send", ID: t.Ref, To: t.To, Text: t.Body, Expires: now.Add(t.Life).Truncate(time.Second),
		Callback: w.cfg.Callback,
	})
	if err != nil {
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, nil)
	if err != nil {
		return Outcome{Class: Ours, Status: statusRequest, Reason: AddressWrong}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "nightlatch")
	signStandard(req.Header, *w.secret, t.Ref, now, body)

	c := &call{
		ctx: ctx, base: w.transport, refused: classifyGateway,
		private: []string{strings.TrimPrefix(t.To, "+"), w.cfg.Secret},
	}
	answer, err := c.do(req, string(body))
	if err != nil {
		return *c.ended
	}
	fields, err := readObject(answer)
	if err != nil { // a hotel's log-in page is 200, too
		return Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable, After: c.after}
	}
	o := Outcome{
		Class: Sent, Status: "0", After: c.after, Parts: 1,
		ProviderID: safe(word(fields["id"]), idShape, c.private...),
		Network:    safe(word(fields["network"]), networkShape, c.private...),
	}
	if currency := word(fields["currency"]); currency == "" || currency == accountCurrency {
		o.Price = safe(word(fields["price"]), moneyShape, c.private...)
	}
	return o
}

// readObject reads a JSON object, or nothing at all.
func readObject(raw []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, errShape // err would quote the answer
	}
	return fields, nil
}

// classifyGateway is classifyHTTP and the one refusal that concerns the number.
func classifyGateway(code int, answer []byte) Outcome {
	o := classifyHTTP(code)
	if code != http.StatusUnprocessableEntity {
		return o
	}
	if fields, err := readObject(answer); err == nil && word(fields["error"]) == "number" {
		o.Class, o.Reason = Number, NumberUnroutable
	}
	return o
}

// Format and LogValue keep the secret out of logs, whatever the verb.
func (cfg WebhookConfig) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "webhook settings") }

func (cfg WebhookConfig) LogValue() slog.Value { return slog.StringValue("webhook settings") }

func (cfg WebhookConfig) MarshalText() ([]byte, error) { return []byte("webhook settings"), nil }

// Format keeps fmt from walking into the settings.
func (w Webhook) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "webhook") }
