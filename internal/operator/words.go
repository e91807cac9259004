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

// JobID is a job of the queue, which has a page of its own.
type JobID int64

// Name is a provider's name, which the catalogue may know better: op_provider.<name>.
type Name string

// Status is what a provider answered, or what we saw instead of an answer, and the reason that the provider's own file
// gives for it: a key under "op_status.", or "".
type Status struct{ Code, Reason string }

func say(key string, args ...any) Sentence { return Sentence{Key: key, Args: args} }

func count(key string, n int, args ...any) Sentence {
	return Sentence{Key: key, Args: args, N: n, Many: true}
}

// receiptError is what a carrier said was wrong, "" for nothing.
func receiptError(r Receipt) any {
	switch {
	case r.Error == "" || r.Error == "0":
		return ""
	case r.Reason != "":
		return Word("op_receipt_error." + r.Reason)
	}
	return Status{r.Error, ""}
}

// ago is how long something is past, in whole seconds.
func ago(now, then time.Time) time.Duration { return max(0, now.Sub(then)).Truncate(time.Second) }
