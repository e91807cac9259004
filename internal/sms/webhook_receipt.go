package sms

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// WebhookReceipts reads the receipts of a gateway: Standard Webhooks with the secret that
// signs our sends, too, and
//
//	{"type":"message.status","data":{"ref":"…","id":"…","status":"delivered","error_code":"…","network":"…"}}
type WebhookReceipts struct{ secret *[]byte }

// NewWebhookReceipts takes SMS_WEBHOOK_SECRET.
func NewWebhookReceipts(secret string) (*WebhookReceipts, error) {
	raw, err := webhookSecret(secret)
	if err != nil {
		return nil, err
	}
	return &WebhookReceipts{&raw}, nil
}

// Read checks and reads one receipt. It returns ErrSignature, ErrStale, ErrMalformed, or
// ErrNothing for an event of another type.
func (w *WebhookReceipts) Read(header http.Header, body []byte, now time.Time) (Receipt, error) {
	if err := checkStandard(header, *w.secret, now, body); err != nil {
		return Receipt{}, err
	}
	event, err := readObject(body)
	if err != nil || event == nil {
		return Receipt{}, ErrMalformed
	}
	switch word(event["type"]) {
	case "message.status":
	case "":
		return Receipt{}, ErrMalformed
	default:
		return Receipt{}, ErrNothing
	}
	data, err := readObject(event["data"])
	if err != nil || word(data["status"]) == "" {
		return Receipt{}, ErrMalformed
	}
	r := Receipt{
		Provider: "webhook", ProviderID: safe(word(data["id"]), idShape), Ref: safe(word(data["ref"]), refShape),
		Status: ours(word(data["status"])), ErrorCode: noCode(safe(word(data["error_code"]), errorCodeShape)),
		Network: safe(word(data["network"]), networkShape),
	}
	r.Reason = carrierErrors[r.ErrorCode]
	return r, nil
}

// Format and LogValue keep the secret out of logs, whatever the verb.
func (w WebhookReceipts) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "webhook receipts") }

func (w WebhookReceipts) LogValue() slog.Value { return slog.StringValue("webhook receipts") }
