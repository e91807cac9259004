package message

import (
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// Recorder counts what happens to messages; package metrics does it for Prometheus.
type Recorder interface {
	// Sent counts one call to a provider, by its outcome.
	Sent(provider string, class sms.Class, took time.Duration)
	// Accepted counts a message that a provider took, so long after it was queued.
	Accepted(channel string, after time.Duration)
	// Delivered counts a message that a receipt said is on the phone, so long after it was queued.
	Delivered(channel string, after time.Duration)
	// Wasted counts a send that was accepted when its challenge was over already.
	Wasted(provider string)
	// Received counts a receipt by its status.
	Received(provider string, status sms.ReceiptStatus)
}
