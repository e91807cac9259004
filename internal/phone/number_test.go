package phone

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestNumberIsShownInternationally(t *testing.T) {
	for e164, want := range map[string]string{
		"+31612345678":  "+31 6 12345678",
		"+32470123456":  "+32 470 12 34 56",
		"+447400123456": "+44 7400 123456",
		"+14165550100":  "+1 416-555-0100",
		"":              "",
		"nonsense":      "nonsense",
	} {
		if got := (Number{E164: e164}).International(); got != want {
			t.Errorf("%q: got %q, want %q", e164, got, want)
		}
	}
}

func TestMaskedShowsTheCodeAndTheLastDigits(t *testing.T) {
	for _, test := range []struct {
		e164   string
		digits int
		want   string
	}{
		{"+31612345678", 2, "+31 • •• •• •• 78"},
		{"+31612345678", 4, "+31 • •• •• 5678"},
		{"+31612345678", 0, "+31 • •• •• •• ••"},
		{"+31612345678", -1, "+31 • •• •• •• ••"},
		{"+31612345678", 99, "+31 • •• 345678"},
		{"+14165550123", 2, "+1 •• •• •• •• 23"},
		{"+35212345678", 4, "+352 •• •• 5678"},
		{"+6834012", 2, "+683 • •• 2"},
		{"+31", 2, "+31"},

		// Not E.164: nothing shows.
		{"", 2, "+•••"},
		{"0612345678", 4, "+•••"},
		{"0031612345678", 4, "+•••"},
		{"+31 6 12345678", 4, "+•••"},
		{"+99912345678", 4, "+•••"},
		{"+31612345678x", 4, "+•••"},
	} {
		if got := MaskedTail(test.e164, test.digits); got != test.want {
			t.Errorf("MaskedTail(%q, %d) = %q, want %q", test.e164, test.digits, got, test.want)
		}
	}
	if got, want := Masked("+31612345678"), "+31 • •• •• •• 78"; got != want {
		t.Errorf("Masked: got %q, want %q", got, want)
	}
}

func TestMaskLeavesThreeDigitsToGuess(t *testing.T) {
	for _, c := range Countries() {
		example := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE)
		e164 := phonenumbers.Format(example, phonenumbers.E164)
		for _, digits := range []int{2, 4, 15} {
			masked := MaskedTail(e164, digits)
			if hidden := strings.Count(masked, "•"); hidden < minHidden {
				t.Errorf("%s: %d digits are hidden in %q", c, hidden, masked)
			}
		}
	}
}
