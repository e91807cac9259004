// Package fault is the vocabulary of errors between the domain and its callers: a handful of codes, each of which
// has one meaning for a page, a command and a job.
//
// The domain returns a code, or an error of its own that carries one; handlers/web maps each code once, to a page, to a
// redirect to the step-up page and back, to the log-in. An error without a code is a defect or an outage, and a 500.
package fault

import "errors"

// Code says what kind of error something is. A Code is an error itself, for the places that have nothing to add:
//
//	return fault.Forbidden
//	errors.Is(err, fault.Forbidden)
type Code string

// The codes.
const (
	// NotFound: there is no such thing, or it is another office's, which is the same.
	NotFound Code = "not found"
	// Forbidden: the session may not do this, whatever it proves: the wrong role, or a pending log-in.
	Forbidden Code = "forbidden"
	// StepUpRequired: the session may do this after a proof of its user's second factor or password in the last
	// ten minutes. See session.Session.RequireStepUp.
	StepUpRequired Code = "step-up required"
	// Conflict: something else happened first, and what was asked for does not fit it any more.
	Conflict Code = "conflict"
	// Ended: the challenge, link or session that this is about is used, replaced, expired or ended.
	Ended Code = "ended"
	// Unavailable: the same request may succeed later: the database is away, or too much waits already.
	Unavailable Code = "unavailable"
	// Invalid: what was typed cannot be used.
	Invalid Code = "invalid"
)

// Error makes a Code an error.
func (c Code) Error() string { return string(c) }

// coded is an error with a code and a text of its own.
type coded struct {
	code Code
	text string
}

func (e *coded) Error() string { return e.text }

// Unwrap returns the code, so that errors.Is finds it.
func (e *coded) Unwrap() error { return e.code }

// New returns an error of the given code, for a package's sentinels: equal to nothing but itself, and found by
// errors.Is under its code as well.
func New(code Code, text string) error { return &coded{code, text} }

// CodeOf returns the code that an error carries, or "" when it carries none.
func CodeOf(err error) Code {
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return ""
}
