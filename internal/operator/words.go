package operator

import (
	"time"
)

// Sentence is a text of the catalogue with its values: plain words, counts, durations (time.Duration),
// moments (time.Time), Words to be looked up themselves, Names of providers, and Statuses.
type Sentence struct {
	Key  string
	Args []any // pairs of a name and a value
	N    int   // what a plural depends on
	Many bool  // it has a plural
}

// Word is a text of the catalogue inside another: a key, whose last part stands in where there is no text.
type Word string

// Name is a provider's name, which the catalogue may know better: op_provider.<name>.
type Name string

// Status is what a provider answered: its own word, and what it means (a key under "op_status.", or "").
type Status struct{ Code, Meaning string }

func say(key string, args ...any) Sentence { return Sentence{Key: key, Args: args} }

func count(key string, n int, args ...any) Sentence {
	return Sentence{Key: key, Args: args, N: n, Many: true}
}

// vonageStatuses are Vonage's numbers in words (developer.vonage.com/en/api-errors/sms).
var vonageStatuses = map[string]string{
	"1": "throttled", "2": "request_wrong", "3": "request_wrong", "4": "credentials", "5": "provider_error", "6": "number_unroutable",
	"7": "number_barred", "8": "account_barred", "9": "no_credit", "10": "provider_busy", "11": "not_enabled", "12": "text_too_long",
	"14": "signature", "15": "sender_refused", "22": "request_wrong", "23": "request_wrong", "29": "demo_account", "32": "signature", "33": "number_gone",
}

// seen are the statuses that no provider gave: what happened instead of an answer.
var seen = map[string]bool{
	"request": true, "dial": true, "tls": true, "timeout": true, "reset": true, "stopped": true, "unreadable": true, "mixed": true, "keep": true,
	"interrupted": true,
}

func statusOf(provider, status string) Status {
	switch {
	case seen[status]:
		return Status{status, status}
	case provider == "vonage": // its voice interface answers by HTTP status
		return Status{status, vonageStatuses[status]}
	}
	return Status{status, ""}
}

// receiptErrors are the carriers' codes that the catalogue has words for
// (developer.vonage.com/en/messaging/sms/guides/delivery-receipts).
var receiptErrors = map[string]bool{
	"1": true, "2": true, "3": true, "4": true, "5": true, "6": true, "7": true, "8": true, "9": true, "10": true, "11": true, "12": true,
	"13": true, "14": true, "15": true, "50": true, "51": true, "52": true, "53": true, "54": true, "99": true,
}

// receiptError is a carrier's code in words, "" for none.
func receiptError(code string) any {
	switch {
	case code == "" || code == "0":
		return ""
	case receiptErrors[code]:
		return Word("op_receipt_error." + code)
	}
	return Status{code, ""}
}

// ago is how long something is past, in whole seconds.
func ago(now, then time.Time) time.Duration { return max(0, now.Sub(then)).Truncate(time.Second) }
