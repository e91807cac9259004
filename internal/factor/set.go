package factor

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// Kind names a kind of second factor, in the words of RFC 8176 where it has one: in sessions, audit details, metrics
// and the catalogue.
type Kind string

// The kinds.
const (
	SMS      Kind = "sms"      // a code to the mobile number on file, by text or call
	App      Kind = "otp"      // an authenticator app's time-based code
	Recovery Kind = "recovery" // one of ten codes on paper
	Passkey  Kind = "passkey"  // a key in a browser, phone or stick; sessions say hwk or swk
)

// Single reports whether another one is added only when the present one is gone: a number is replaced, and passkeys
// stand beside each other.
func (k Kind) Single() bool { return k != SMS && k != Passkey }

// Enrolled is what a user has of one kind: a row of the view user_factors.
type Enrolled struct {
	Kind        Kind       `json:"kind"`
	Counts      bool       `json:"counts"` // opens by itself, as an unconfirmed number and recovery codes do not
	ConfirmedAt *time.Time `json:"confirmed_at"`
	Label       string     `json:"label"`   // of a number: E.164
	Country     string     `json:"country"` // of a number
	Amount      int        `json:"amount"`  // of passkeys; of recovery codes: unused ones
}

// Set is what a user has, one entry of each kind at most.
type Set []Enrolled

// ParseSet reads the result of the SQL function factors_of.
func ParseSet(rows []byte) (Set, error) {
	var s Set
	if err := json.Unmarshal(rows, &s); err != nil {
		return nil, fmt.Errorf("read a user's factors: %w", err)
	}
	return s, nil
}

// HasFactor reports whether the user can prove a second factor.
func (s Set) HasFactor() bool {
	for _, e := range s {
		if e.Counts {
			return true
		}
	}
	return false
}

// Of returns what the user has of a kind; the zero Enrolled when nothing.
func (s Set) Of(kind Kind) Enrolled {
	for _, e := range s {
		if e.Kind == kind {
			return e
		}
	}
	return Enrolled{}
}

// Has reports whether the user can prove a kind: recovery codes included, an unconfirmed number not.
func (s Set) Has(kind Kind) bool {
	e := s.Of(kind)
	return e.Counts || kind == Recovery && e.Amount > 0
}

// Without returns the set without a kind: what is left once it is removed.
func (s Set) Without(kind Kind) Set {
	var rest Set
	for _, e := range s {
		if e.Kind != kind {
			rest = append(rest, e)
		}
	}
	return rest
}

// Masked returns the set with nothing in it that an operator need not see.
func (s Set) Masked() Set {
	masked := slices.Clone(s)
	for i := range masked {
		if masked[i].Kind == SMS {
			masked[i].Label = phone.Masked(masked[i].Label)
		}
	}
	return masked
}

// Number returns the mobile number on file, confirmed or not, or nil.
func (s Set) Number() *phone.Number {
	e := s.Of(SMS)
	if e.Label == "" {
		return nil
	}
	return &phone.Number{E164: e.Label, Country: phone.Country(e.Country)}
}

// Confirmed returns the number that codes may be sent to, or nil.
func (s Set) Confirmed() *phone.Number {
	if !s.Has(SMS) {
		return nil
	}
	return s.Number()
}

// Unconfirmed returns the number to be confirmed at the log-in, or nil: it is never offered beside another factor.
func (s Set) Unconfirmed() *phone.Number {
	if s.HasFactor() {
		return nil
	}
	return s.Number()
}
