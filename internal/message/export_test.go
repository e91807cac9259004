package message

import (
	"context"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// Turn lets a test wait for a turn as a log-in does.
func (s *Service) Turn(ctx context.Context, provider string) (bool, error) {
	return s.slot(ctx, provider, true)
}

// Turns returns how calls are spaced at so many a second.
func Turns(rate int) (gap, lag, spare time.Duration) {
	t := newTurns(rate)
	return t.gap, t.lag, t.spare
}

// NoMeter counts nothing.
type NoMeter struct{}

// Sent counts nothing.
func (NoMeter) Sent(string, sms.Class, time.Duration) {}

// Accepted counts nothing.
func (NoMeter) Accepted(string, time.Duration) {}

// Delivered counts nothing.
func (NoMeter) Delivered(string, time.Duration) {}

// Wasted counts nothing.
func (NoMeter) Wasted(string) {}

// Received counts nothing.
func (NoMeter) Received(string, sms.ReceiptStatus) {}
