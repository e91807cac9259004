// Package sms hands one text, or one call, to one provider and says what became of it.
//
// The rule it protects: nothing is called sent that the provider did not
// accept, and nothing is called unsent that may have gone out. Every ending of
// a call, the silent ones included, becomes an [Outcome] with a [Class] that
// says what the next step is; there are no errors to interpret.
//
// The package is a leaf: it knows no challenge, no office and no database.
// Start at [Vonage.Send]; classify.go holds the table of what each answer means. [Voice]
// and [Webhook] are the other providers, over the same call.go; [Routes] says whose
// turn it is, and receipt.go tells what carriers report later.
package sms

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Text is one text to one number. It holds a code and a person's number:
// never log it. Printing one, by accident, shows its Ref alone; but fmt asks no
// methods of unexported fields, so do not keep one in a struct that is printed.
type Text struct {
	To   string        // E.164 with +
	Body string        // what the phone shows; one GSM-7 segment when [Body] made it. A call has none
	Ref  string        // client-ref, at most 40 characters: correlates receipts, holds no person and no code
	Life time.Duration // how much longer the code lives; the carrier stops trying after it (20 s at least)

	Prompt Speech // what a call says until a key is pressed; a text has none
}

// Class says what an outcome means for the next step.
type Class string

// The classes.
const (
	Sent    Class = "sent"    // accepted, every part of it
	Wait    Class = "wait"    // refused: too fast. Sent nothing; wait 1 to 3 s
	Retry   Class = "retry"   // refused or never reached. Sent nothing; try again soon
	Ours    Class = "ours"    // our request or our settings are wrong. Repeating is of no use: alarm
	Account Class = "account" // the account cannot send. Alarm, do not burn the queue
	Number  Class = "number"  // this number cannot get texts
	Unknown Class = "unknown" // it may have gone out. Once more at most, with the same code
)

// Outcome is how one send ended. Its fields hold no number, text, code, secret
// or address and may be stored, logged and shown to an operator.
type Outcome struct {
	Class  Class
	Status string // what was seen: a provider's status ("0", "9"), "http 503", or one of the words in classify.go
	Reason Reason // a stable key, one per plain-language sentence; empty when sent

	After      time.Duration // the wait the provider asked for, 0 if none; at most an hour
	ProviderID string        // the provider's message id, "" unknown
	Price      string        // decimal, in the account's currency, all parts together; "" unknown
	Network    string        // the network's code, "" unknown
	Balance    string        // what is left on the account, decimal; "" unknown
	Parts      int           // how many texts it was billed as, 0 unknown

	Arrived bool // it is on the phone already: the demo phone knows
	Awaited bool // a receipt will say what became of it
}

// MayHaveSent reports whether the text may be on its way to the phone. Two such
// calls per send are the most we make: the provider has no idempotency key.
func (o Outcome) MayHaveSent() bool { return o.Class == Sent || o.Class == Unknown }

// Format keeps %v, %+v and %#v from printing the number and the code.
func (t Text) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, t.redacted()) }

// LogValue does the same for slog, whose JSON handler does not ask Format.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.redacted()) }

// MarshalText does the same for encoding/json.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.redacted()), nil }

func (t Text) redacted() string { return "text " + t.Ref }
