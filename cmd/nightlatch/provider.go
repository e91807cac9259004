package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/nightlatch/nightlatch/message"
	"github.com/nightlatch/nightlatch/sms"
)

// provider is what both sms.Vonage and sms.Demo are.
type provider interface {
	Name() string
	Send(context.Context, sms.Text) sms.Outcome
}

var errNoProvider = errors.New("SMS_PROVIDER is not set: use vonage (with VONAGE_API_KEY, VONAGE_API_SECRET and VONAGE_FROM), or demo to try it out on this machine")

// newProvider makes the provider that the configuration names, and checks its settings now rather than at
// the first log-in on Monday.
func newProvider(cfg config, phone *message.DemoPhone) (provider, error) {
	switch cfg.provider {
	case "vonage":
		return sms.NewVonage(sms.VonageConfig{
			Key: cfg.vonage["VONAGE_API_KEY"], Secret: cfg.vonage["VONAGE_API_SECRET"], From: cfg.vonage["VONAGE_FROM"], BaseURL: cfg.vonage["VONAGE_BASE_URL"],
		})
	case "demo":
		return sms.NewDemo(phone.Keep), nil
	}
	return nil, errNoProvider
}

// sender makes a provider fit what message needs: it puts a code into words, and an outcome into its terms.
type sender struct {
	provider provider
	product  string
	host     string
	demo     bool
}

// Route answers the one provider.
func (s sender) Route(string, string) []string { return []string{s.provider.Name()} }

// Send makes one call.
func (s sender) Send(ctx context.Context, _ string, t message.Text) message.Outcome {
	minutes := int(math.Ceil(t.Life.Minutes()))
	o := s.provider.Send(ctx, sms.Text{To: t.To, Body: sms.Body(t.Language, s.product, s.host, t.Code, minutes), Ref: t.Ref, Life: t.Life})
	return message.Outcome{
		Class: message.Class(o.Class), Status: o.Status, After: min(o.After, time.Minute), Arrived: s.demo && o.Class == sms.Sent,
		ProviderID: o.ProviderID, Price: o.Price, Network: o.Network, Balance: o.Balance,
	}
}
