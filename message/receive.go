package message

import (
	"context"
	"errors"
)

// ReceiptStatus is what a carrier says of a message, in our words.
type ReceiptStatus string

// The statuses. Only Delivered, Expired, Failed and Rejected are the end of a message.
const (
	ReceiptAccepted  ReceiptStatus = "accepted"  // the carrier has it
	ReceiptBuffered  ReceiptStatus = "buffered"  // the carrier waits for the phone
	ReceiptAnswered  ReceiptStatus = "answered"  // a call was taken; the code is spoken after a key is pressed
	ReceiptDelivered ReceiptStatus = "delivered" // on the phone, or spoken
	ReceiptExpired   ReceiptStatus = "expired"   // the carrier gave up in time
	ReceiptFailed    ReceiptStatus = "failed"
	ReceiptRejected  ReceiptStatus = "rejected"
	ReceiptUnknown   ReceiptStatus = "unknown"
)

// Receipt is what a carrier reported about one send, its signature checked. It holds no number.
type Receipt struct {
	Provider   string // the provider's name, as in the sends
	ProviderID string // the provider's id of the send
	Ref        string // what we gave the provider: "<challenge ref>.<send_no>"
	Status     ReceiptStatus
	ErrorCode  string // the carrier's, a few safe characters; "" none
	Network    string // "" unknown
}

// ErrOver says that the code of a call must not be spoken any more.
var ErrOver = errors.New("the challenge is over")

// Receive takes a receipt: late, twice, out of order, or before our own note of the send. It moves the message's
// state and, after a failure, has the next provider try; it never confirms a number and never admits anybody. A
// receipt of a message that we do not know is dropped.
func (s *Service) Receive(ctx context.Context, r Receipt) error { return nil }

// Spoken answers the code of a call's message and the language to speak it in, "en" or "nl". It answers ErrOver
// when the challenge is used, replaced or expired, or there is no such message.
func (s *Service) Spoken(ctx context.Context, ref string) (code, language string, err error) {
	return "", "", ErrOver
}
