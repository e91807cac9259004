package phone

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestCountriesAreAllThatHaveMobileNumbers(t *testing.T) {
	all := Countries()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("not sorted, or not each once")
	}
	for region := range phonenumbers.GetSupportedRegions() {
		mobile := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE) != nil
		if slices.Contains(all, Country(region)) != mobile {
			t.Errorf("%s: has a mobile number: %v", region, mobile)
		}
	}
	if len(all) < 240 {
		t.Errorf("only %d countries", len(all))
	}
	all[0] = "??"
	if Countries()[0] == "??" {
		t.Error("a caller can change the list of everybody")
	}
}

func TestCallingCode(t *testing.T) {
	for c, want := range map[Country]int{
		"NL": 31, "US": 1, "CA": 1, "KZ": 7, "XK": 383, "AC": 247, "VA": 39,
		Globe: 0, "TA": 0, "XX": 0, "nl": 0, "001": 0,
	} {
		if got := c.CallingCode(); got != want {
			t.Errorf("%q: got %d, want %d", c, got, want)
		}
	}
}

func TestMostUsedAreSixFilledUp(t *testing.T) {
	for _, test := range []struct{ counted, want []Country }{
		{nil, []Country{"NL", "BE", "DE", "FR", "GB", "LU"}},
		{[]Country{"PL"}, []Country{"PL", "NL", "BE", "DE", "FR", "GB"}},
		{[]Country{"FR", "NL"}, []Country{"FR", "NL", "BE", "DE", "GB", "LU"}},
		{[]Country{"PL", "PL", Globe, "XX"}, []Country{"PL", "NL", "BE", "DE", "FR", "GB"}},
		{[]Country{"PL", "ES", "IT", "PT", "SE", "US", "CA"}, []Country{"PL", "ES", "IT", "PT", "SE", "US"}},
	} {
		if got := MostUsed(test.counted); !slices.Equal(got, test.want) {
			t.Errorf("MostUsed(%v) = %v, want %v", test.counted, got, test.want)
		}
	}
}

func TestEveryCountryHasWhatParseNeeds(t *testing.T) {
	for _, c := range Countries() {
		p := plans().of[c]
		if p.mobile == nil || (p.place == nil) != (len(plans().sharing[c.CallingCode()]) == 1 && c != "SH") ||
			len(p.mobileLengths) == 0 || slices.Min(p.mobileLengths) < 2 {
			t.Errorf("%s: %+v", c, p)
		}
		if p.doubleZero {
			t.Errorf("%s has a national prefix that begins with 00: check it by hand", c)
		}
	}
}
