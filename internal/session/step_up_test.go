package session

import (
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// The whole table of what is fresh enough for what.
func TestAStepUpAsksForTheProofThatTheActNeeds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	old, exactly, recent := now.Add(-11*time.Minute), now.Add(-10*time.Minute), now.Add(-9*time.Minute)
	none := time.Time{}
	for _, test := range []struct {
		name                string
		password, factor    time.Time
		hasFactor, demanded bool
		methods             []string
		own, office, either bool
	}{
		{"no factor, recent password", recent, none, false, false, nil, true, true, true},
		{"no factor, old password", old, none, false, false, nil, false, false, false},
		{"no factor, recent password, two demanded", recent, none, false, true, nil, true, false, true},
		{"a factor, recent password alone", recent, none, true, false, nil, false, true, true},
		{"a factor, old proof", recent, old, true, false, nil, false, true, true},
		{"a factor, old proof, two demanded", recent, old, true, true, nil, false, false, true},
		{"a factor, recent proof", old, recent, true, true, nil, true, true, true},
		{"a factor, exactly ten minutes", old, exactly, true, true, nil, false, false, false},
		{"a provider's factor is none of ours", old, recent, true, true, []string{"sso", "sso_mfa"}, false, false, false},
	} {
		sess := Session{
			PasswordAt: test.password, SecondFactorAt: test.factor, Now: now,
			Factors:           factor.Set{{Kind: factor.App, Counts: test.hasFactor}},
			TwoFactorRequired: test.demanded, Methods: test.methods,
		}
		for need, want := range map[StepUp]bool{
			StepUpOwn: test.own, StepUpOffice: test.office, StepUpEither: test.either, "unknown": false,
		} {
			if err := sess.RequireStepUp(need); (err == nil) != want || err != nil && !errors.Is(err, fault.StepUpRequired) {
				t.Errorf("%s: for %s it is %v", test.name, need, err)
			}
		}
	}
}
