package sms

import (
	"context"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// demo is the demo phone.
func demo() Provider {
	return Provider{
		Name: "demo", Channel: phone.ByText, Demo: true,
		Open: func(s Setup) (Client, error) { return Client{Send: NewDemo(s.Keep).Send}, nil },
	}
}

// Demo is the provider of a demonstration: texts are kept and shown on a page
// instead of being sent. Where they are kept is the caller's business; it is the
// one place in which a code is written down, so it must exist in demo mode alone.
type Demo struct {
	keep Keep
}

// NewDemo returns a provider that hands every text to keep.
func NewDemo(keep Keep) *Demo {
	return &Demo{keep: keep}
}

// Send keeps the text. The error of keep is not passed on: it may quote the text.
func (d *Demo) Send(ctx context.Context, t Text) Outcome {
	if err := d.keep(ctx, t.To, t.Body); err != nil {
		return Outcome{Class: Retry, Status: statusKeep, Reason: NotKept}
	}
	return Outcome{Class: Sent, Status: "0", Parts: 1, Arrived: true}
}
