package sms

import (
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Reason is why a send or a receipt is not what it should be, in the words of its provider's file. The catalogue has a
// text for each: op_status.<reason> of a send, op_receipt_error.<reason> of a receipt.
type Reason string

// The reasons of sends.
const (
	Throttled        Reason = "throttled"         // we send faster than the account may
	ProviderError    Reason = "provider_error"    // the provider had a fault of its own
	ProviderBusy     Reason = "provider_busy"     // the provider has no room just now
	RequestWrong     Reason = "request_wrong"     // our request was refused as malformed
	TextTooLong      Reason = "text_too_long"     // the text is longer than allowed
	SenderRefused    Reason = "sender_refused"    // the sender (VONAGE_FROM) may not be used there
	AddressWrong     Reason = "address_wrong"     // nothing at the provider's address takes messages
	Credentials      Reason = "credentials"       // key or secret are wrong
	Signature        Reason = "signature"         // the account demands signed requests
	AccountBarred    Reason = "account_barred"    // the account is suspended
	NoCredit         Reason = "no_credit"         // the account has no credit left
	NotEnabled       Reason = "not_enabled"       // the account may not use this service
	DemoAccount      Reason = "demo_account"      // a trial account: the number is not on its test list
	NumberUnroutable Reason = "number_unroutable" // no network takes messages for this number
	NumberBarred     Reason = "number_barred"     // the number refuses messages
	NumberGone       Reason = "number_gone"       // the number is no longer in use
	NoConnection     Reason = "no_connection"     // the provider could not be reached; nothing was sent
	NoAnswer         Reason = "no_answer"         // the request went out, no answer came
	Unreadable       Reason = "unreadable"        // an answer came that says nothing
	Partly           Reason = "partly"            // some parts were accepted and some were not
	ProviderRefused  Reason = "provider_refused"  // a refusal whose meaning we do not know
	NotKept          Reason = "not_kept"          // the demo phone could not keep the text
	NotSetUp         Reason = "not_set_up"        // the configuration has the provider no more
)

// Statuses that no provider gave: what we saw instead of an answer.
const (
	statusRequest    = "request"    // refused by our own check, no call was made
	statusDial       = "dial"       // no connection, or it ended before the body was written
	statusTLS        = "tls"        // connected, but the other side could not prove who it is
	statusTimeout    = "timeout"    // written, no answer in time
	statusReset      = "reset"      // written, then the connection broke
	statusStopped    = "stopped"    // the caller gave up (shutdown)
	statusUnreadable = "unreadable" // answered, but not in words we know
	statusMixed      = "mixed"      // the parts disagree
	statusKeep       = "keep"       // the demo phone's storage said no
	statusGone       = "not_set_up" // no call was made: the provider is not set up any more
)

// meaning is what one status asks of us.
type meaning struct {
	class  Class
	reason Reason
}

// meanings is Vonage's list of statuses (developer.vonage.com/en/api-errors/sms),
// each with the step it calls for.
var meanings = map[string]meaning{
	"0":  {Sent, ""},
	"1":  {Wait, Throttled},
	"2":  {Ours, RequestWrong}, // a parameter is missing
	"3":  {Ours, RequestWrong}, // a parameter is invalid
	"4":  {Account, Credentials},
	"5":  {Retry, ProviderError},
	"6":  {Number, NumberUnroutable},
	"7":  {Number, NumberBarred},
	"8":  {Account, AccountBarred},
	"9":  {Account, NoCredit},
	"10": {Retry, ProviderBusy}, // too many binds
	"11": {Account, NotEnabled},
	"12": {Ours, TextTooLong},
	"14": {Account, Signature},
	"15": {Ours, SenderRefused},
	"22": {Ours, RequestWrong}, // invalid network code
	"23": {Ours, RequestWrong}, // invalid callback
	"29": {Account, DemoAccount},
	"32": {Account, Signature}, // signature and secret together
	"33": {Number, NumberGone},
}

// canonical is how Vonage writes a status; anything else is not shown to anyone.
var canonical = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)

// classifyStatus classifies one part's status. A status that is not on the list is a
// refusal (all but "0" are), yet we cannot tell whether something went out
// before it, nor whether trying again helps. Unknown is the class whose mistakes
// are cheap: never shown as sent, one more call with the same code, then the end.
func classifyStatus(status string) (string, meaning) {
	if m, ok := meanings[status]; ok {
		return status, m
	}
	if canonical.MatchString(status) {
		return status, meaning{Unknown, ProviderRefused}
	}
	return statusUnreadable, meaning{Unknown, Unreadable}
}

// classifyHTTP classifies an answer that is not 2xx. Only 429 and 503 prove that the
// message was not taken. A 500, 502 or 504 can come from a gateway whose back end
// has already accepted it, so they are unknown and use up one of the two calls
// that may have sent; calling them a refusal could text a user without end.
// The other 4xx and every redirect (never followed: the secret is in the body)
// refuse our request or our settings, and the next one would fare no better.
func classifyHTTP(code int) Outcome {
	o := Outcome{Status: "http " + strconv.Itoa(code)}
	switch {
	case code == http.StatusTooManyRequests:
		o.Class, o.Reason = Retry, Throttled
	case code == http.StatusServiceUnavailable:
		o.Class, o.Reason = Retry, ProviderBusy
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		o.Class, o.Reason = Account, Credentials
	case code == http.StatusPaymentRequired:
		o.Class, o.Reason = Account, NoCredit
	case code == http.StatusRequestTimeout:
		o.Class, o.Reason = Unknown, NoAnswer
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusGone, code/100 == 3:
		o.Class, o.Reason = Ours, AddressWrong
	case code/100 == 4:
		o.Class, o.Reason = Ours, RequestWrong
	default:
		o.Class, o.Reason = Unknown, ProviderError
	}
	return o
}

// classify classifies an answer of the right shape. Sent means "0" in every part: a
// half-accepted text is unknown, because the half may show the code.
func classify(parts []part) Outcome {
	if len(parts) == 0 {
		return Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
	}
	accepted := 0
	for _, p := range parts {
		if p.Status == "0" {
			accepted++
		}
	}
	status, m := classifyStatus(parts[0].Status)
	for _, p := range parts[1:] {
		if _, other := classifyStatus(p.Status); other.class != m.class {
			status, m = statusMixed, meaning{Unknown, ProviderRefused}
			break
		}
	}
	if accepted > 0 && accepted < len(parts) {
		status, m = statusMixed, meaning{Unknown, Partly}
	}
	last := parts[len(parts)-1]
	return Outcome{
		Class: m.class, Status: status, Reason: m.reason,
		ProviderID: parts[0].ID, Price: total(parts), Network: parts[0].Network, Balance: last.Balance,
		Parts: len(parts),
	}
}

// total adds the parts' prices: Vonage gives one for each. A price that is
// missing makes the whole unknown, so that a money cap never counts too little.
func total(parts []part) string {
	if len(parts) == 1 {
		return parts[0].Price // as given
	}
	sum, digits := new(big.Rat), 0
	for _, p := range parts {
		price, ok := new(big.Rat).SetString(p.Price)
		if !ok {
			return ""
		}
		sum.Add(sum, price)
		if _, fraction, found := strings.Cut(p.Price, "."); found {
			digits = max(digits, len(fraction))
		}
	}
	return sum.FloatString(digits)
}

// What the answer's other fields look like. Anything else is left out: an answer
// is written by somebody else, and what we store is shown to people.
var (
	idShape      = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)
	networkShape = regexp.MustCompile(`^[0-9A-Za-z-]{1,32}$`)
	moneyShape   = regexp.MustCompile(`^-?[0-9]{1,9}(\.[0-9]{1,12})?$`)
)

// safe returns s if it looks as it should and repeats nothing private.
func safe(s string, shape *regexp.Regexp, private ...string) string {
	repeats := func(p string) bool { return p != "" && strings.Contains(s, p) }
	if !shape.MatchString(s) || slices.ContainsFunc(private, repeats) {
		return ""
	}
	return s
}
