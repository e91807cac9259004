package sms

import (
	"errors"
	"regexp"
	"slices"
)

// Receipt is what a carrier reported about one send, after its signature was checked. A
// receipt comes late, twice, out of order, or before the answer to its send; it improves
// what a waiting user reads and proves nothing else. It holds no number.
type Receipt struct {
	Provider   string // "vonage", "voice" or "webhook"
	ProviderID string // the provider's id of the send, "" unknown
	Ref        string // Text.Ref, as the provider brought it back; "" unknown
	Status     ReceiptStatus
	ErrorCode  string // the carrier's, "" none
	Reason     Reason // what the code means, "" unknown
	Network    string // the network's code, "" unknown
}

// ReceiptStatus is what a carrier says of a message, in one set of words for all providers.
type ReceiptStatus string

// The statuses. Delivered, Expired, Failed and Rejected are the end of a message.
const (
	Delivered ReceiptStatus = "delivered" // the phone has it, or the code was spoken
	Accepted  ReceiptStatus = "accepted"  // the carrier has it
	Buffered  ReceiptStatus = "buffered"  // the carrier waits for the phone
	Answered  ReceiptStatus = "answered"  // somebody took the call; the code is not spoken yet
	Expired   ReceiptStatus = "expired"   // the carrier gave up in time
	Failed    ReceiptStatus = "failed"
	Rejected  ReceiptStatus = "rejected" // for a call: nobody took it
	Uncertain ReceiptStatus = "unknown"
)

// What is wrong with a receipt. The errors are these values themselves: nothing of the
// request is in them.
var (
	ErrSignature = errors.New("the receipt is not signed by the provider")
	ErrStale     = errors.New("the receipt's signature is too old, or from the future")
	ErrMalformed = errors.New("the receipt cannot be read")
	// ErrNothing says that a well signed event tells nothing about a send, such as the end of a call.
	ErrNothing = errors.New("the event says nothing about a send")
)

// refShape is a challenge's ref and the number of the send, as [Text].Ref has them.
var refShape = regexp.MustCompile(`^[a-z2-7]{26}\.[1-3]$`)

// errorCodeShape allows a carrier's error code and nothing that could be a number.
var errorCodeShape = regexp.MustCompile(`^[0-9A-Za-z_-]{1,8}$`)

// statuses are the words of Vonage's receipts (developer.vonage.com/en/messaging/sms/guides/delivery-receipts)
// and of a gateway's.
var statuses = []ReceiptStatus{Delivered, Accepted, Buffered, Expired, Failed, Rejected, Uncertain}

// ours returns a status in our own words. What is new to us is unknown, which moves nothing.
func ours(status string) ReceiptStatus {
	if s := ReceiptStatus(status); slices.Contains(statuses, s) {
		return s
	}
	return Uncertain
}

// carrierErrors are the carriers' codes as Vonage's receipts have them, and a gateway's
// (developer.vonage.com/en/messaging/sms/guides/delivery-receipts).
var carrierErrors = map[string]Reason{
	"1":  "unknown",
	"2":  "absent",
	"3":  "number_gone",
	"4":  "barred",
	"5":  "ported",
	"6":  "spam",
	"7":  "busy",
	"8":  "network_fault",
	"9":  "number_not_allowed",
	"10": "message_not_allowed",
	"11": "no_route",
	"12": "network_unreachable",
	"13": "age_limit",
	"14": "carrier_block",
	"15": "no_prepaid_credit",
	"50": "sender_filter",
	"51": "header_filter",
	"52": "content_filter",
	"53": "no_consent",
	"54": "country_rule",
	"99": "general_fault",
}
