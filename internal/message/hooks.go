package message

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// Receiver takes receipts that were read, and returns the code of a call; Service does.
type Receiver interface {
	Receive(ctx context.Context, r sms.Receipt) error
	Spoken(ctx context.Context, ref string) (code, language string, err error)
}

// Hooks take what providers post: receipts of messages, and keys pressed in calls. Nothing is believed before its
// signature was checked.
type Hooks struct {
	carriers Carriers
	messages Receiver
	logger   *slog.Logger
	refused  func(provider string)
}

// NewHooks returns the Hooks. refused counts a post that its provider did not sign.
func NewHooks(carriers Carriers, messages Receiver, logger *slog.Logger, refused func(provider string)) Hooks {
	return Hooks{carriers, messages, logger, refused}
}

// Posters returns the providers that may post, and those of them that also post about single calls.
func (h Hooks) Posters() (all, calls []string) { return h.carriers.Posters() }

// Receipt takes a receipt, or an event of a call. One that is unknown or known already is no error. It returns
// fault.NotFound for a provider that is not set up, fault.Forbidden for what the provider did not sign,
// fault.Invalid for what cannot be read, or an error of the database. Its errors hold nothing of the request.
func (h Hooks) Receipt(ctx context.Context, provider string, header http.Header, body []byte) error {
	r, err := h.carriers.Read(provider, header, body, time.Now(), "")
	return h.receive(ctx, provider, r, err)
}

// KeyPressed takes what is posted about one call, and returns what the call is to say next, nil for nothing. A call's
// events come to the same address as its key, because there they have the ref of the message: an event may be there
// before we know the call's id, or when we never learn it. The errors are those of Receipt.
func (h Hooks) KeyPressed(
	ctx context.Context, provider, ref string, header http.Header, body []byte,
) (answer []byte, err error) {
	now := time.Now()
	id, pressed, err := h.carriers.Key(provider, header, body, now, ref)
	switch {
	case errors.Is(err, sms.ErrNothing):
		r, err := h.carriers.Read(provider, header, body, now, ref)
		return nil, h.receive(ctx, provider, r, err)
	case err != nil:
		return nil, h.refuse(provider, err)
	case !pressed:
		return nil, nil // the call has nothing left to say, and ends
	}
	code, language, err := h.messages.Spoken(ctx, ref)
	if errors.Is(err, ErrOver) {
		return h.carriers.Say(provider, h.carriers.words.Over(language)), nil
	}
	if err != nil {
		return nil, err
	}
	spoken := sms.Receipt{Provider: provider, ProviderID: id, Ref: ref, Status: sms.Delivered}
	if err := h.messages.Receive(ctx, spoken); err != nil {
		// Whoever holds the phone hears the code all the same: the receipt only improves a screen.
		h.logger.WarnContext(ctx, "receipt of a spoken code", "error", err)
	}
	return h.carriers.Say(provider, h.carriers.words.Spoken(language, code)), nil
}

func (h Hooks) receive(ctx context.Context, provider string, r sms.Receipt, err error) error {
	if errors.Is(err, sms.ErrNothing) {
		return nil
	}
	if err != nil {
		return h.refuse(provider, err)
	}
	return h.messages.Receive(ctx, r)
}

// refuse gives a reader's error its code, and counts what was not signed.
func (h Hooks) refuse(provider string, err error) error {
	code := fault.Forbidden
	switch {
	case errors.Is(err, sms.ErrNotSetUp):
		code = fault.NotFound
	case errors.Is(err, sms.ErrMalformed):
		code = fault.Invalid
	default:
		h.refused(provider)
	}
	return fmt.Errorf("%w: %w", code, err)
}
