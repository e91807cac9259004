package main

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/handlers"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// hookConnections serve receipts alone, so that a flood of them never takes a page's connection.
const hookConnections = 2

// hookTokens are the path parts under which providers reach us, one for each key. Who knows one was told by us:
// it is a MAC under a master key. A key's end is also its token's.
func hookTokens(ring *keys.Ring) []string {
	var tokens []string
	for _, mac := range ring.MACs(hooksPurpose, "", "") {
		tokens = append(tokens, hookToken(mac))
	}
	return tokens
}

const hooksPurpose = "hooks path"

func hookToken(mac []byte) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac)[:26])
}

// hookBase is the address under which providers reach us: the token of the key that seals, which every node has.
func hookBase(cfg config, ring *keys.Ring) string {
	return cfg.url.String() + "/hooks/" + hookToken(ring.MAC(hooksPurpose, "", ""))
}

// readers read what the providers that are set up post; nil for the others.
type readers struct {
	vonage  *sms.VonageReceipts
	voice   *sms.VoiceEvents
	webhook *sms.WebhookReceipts
}

// newReaders checks the settings of receipts.
func newReaders(cfg config) (r readers, err error) {
	secret, method := cfg.vonage["VONAGE_SIGNATURE_SECRET"], cfg.vonage["VONAGE_SIGNATURE_METHOD"]
	if secret == "" && method != "" {
		return r, errors.New("VONAGE_SIGNATURE_METHOD is set without VONAGE_SIGNATURE_SECRET: receipts need both, or neither")
	}
	if secret != "" {
		if r.vonage, err = sms.NewVonageReceipts(secret, method); err != nil {
			return r, err
		}
	}
	if secret != "" && cfg.uses(byVoice) {
		if r.voice, err = sms.NewVoiceEvents(secret); err != nil {
			return r, err
		}
	}
	if secret := cfg.webhook["SMS_WEBHOOK_SECRET"]; secret != "" {
		r.webhook, err = sms.NewWebhookReceipts(secret)
	}
	return r, err
}

func (r readers) none() bool { return r.vonage == nil && r.voice == nil && r.webhook == nil }

// receiver takes receipts that were read, and says the code of a call.
type receiver interface {
	Receive(ctx context.Context, r sms.Receipt) error
	Spoken(ctx context.Context, ref string) (code, language string, err error)
}

// hooks are handlers.Hooks: what providers post, read by sms and handed to message.
type hooks struct {
	readers  readers
	messages receiver
	words    message.Words
	logger   *slog.Logger
	refused  func(provider string) // counts what was not signed; may be nil
}

// Receipt takes a receipt, or an event of a call.
func (h hooks) Receipt(ctx context.Context, provider string, header http.Header, body []byte) error {
	var r sms.Receipt
	var err error
	switch now := time.Now(); {
	case provider == byVonage && h.readers.vonage != nil:
		r, err = h.readers.vonage.Read(header, body, now)
	case provider == byVoice && h.readers.voice != nil:
		r, err = h.readers.voice.Read(header, body, now, "")
	case provider == byWebhook && h.readers.webhook != nil:
		r, err = h.readers.webhook.Read(header, body, now)
	default:
		return handlers.ErrHookUnset
	}
	return h.receive(ctx, provider, r, err)
}

func (h hooks) receive(ctx context.Context, provider string, r sms.Receipt, err error) error {
	if errors.Is(err, sms.ErrNothing) {
		return nil
	}
	if err != nil {
		return h.refuse(provider, err)
	}
	return h.messages.Receive(ctx, r)
}

// refuse puts a reader's error into the words of handlers, and counts it.
func (h hooks) refuse(provider string, err error) error {
	if errors.Is(err, sms.ErrMalformed) {
		return fmt.Errorf("%w: %w", handlers.ErrHookMalformed, err)
	}
	if h.refused != nil {
		h.refused(provider)
	}
	return fmt.Errorf("%w: %w", handlers.ErrHookRefused, err)
}

// callRef is the ref of a message, as the address of a call's events has it.
var callRef = regexp.MustCompile(`^[a-z2-7]{26}\.[1-3]$`)

// KeyPressed takes what is posted about one call. Its events come to the same address as its key, because there
// they have the ref of the message: an event may be there before we know the call's id, or when we never learn it.
func (h hooks) KeyPressed(ctx context.Context, ref string, header http.Header, body []byte) ([]byte, error) {
	if h.readers.voice == nil {
		return nil, handlers.ErrHookUnset
	}
	if !callRef.MatchString(ref) {
		return nil, handlers.ErrHookMalformed
	}
	if !sms.IsKey(body) {
		r, err := h.readers.voice.Read(header, body, time.Now(), ref)
		return nil, h.receive(ctx, byVoice, r, err)
	}
	id, pressed, err := h.readers.voice.Key(header, body, time.Now())
	if err != nil {
		return nil, h.refuse(byVoice, err)
	}
	if !pressed {
		return nil, nil // the call has nothing left to say, and ends
	}
	code, language, err := h.messages.Spoken(ctx, ref)
	if errors.Is(err, message.ErrOver) {
		return h.words.Over(language).NCCO(), nil
	}
	if err != nil {
		return nil, err
	}
	spoken := sms.Receipt{Provider: byVoice, ProviderID: id, Ref: ref, Status: sms.Delivered}
	if err := h.messages.Receive(ctx, spoken); err != nil {
		// Whoever holds the phone hears the code all the same: the receipt only improves a screen.
		h.logger.WarnContext(ctx, "receipt of a spoken code", "error", err)
	}
	return h.words.Spoken(language, code).NCCO(), nil
}
