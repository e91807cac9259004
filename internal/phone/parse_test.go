package phone

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestParseReadsNumbersAsPeopleWriteThem(t *testing.T) {
	for _, test := range []struct {
		typed   string
		country Country
		want    Number
	}{
		{"0612345678", "NL", Number{"+31612345678", "NL"}},
		{"612345678", "NL", Number{"+31612345678", "NL"}},
		{"31612345678", "NL", Number{"+31612345678", "NL"}},
		{"+31612345678", "BE", Number{"+31612345678", "NL"}},
		{"+31612345678", "", Number{"+31612345678", "NL"}},
		{"0031612345678", "NL", Number{"+31612345678", "NL"}},
		{"0031612345678", "US", Number{"+31612345678", "NL"}},
		{"0031612345678", "", Number{"+31612345678", "NL"}},
		{"06 12 34 56 78", "NL", Number{"+31612345678", "NL"}},
		{"tel:+31612345678", "BE", Number{"+31612345678", "NL"}},
		{"Tel.: 06 12345678", "NL", Number{"+31612345678", "NL"}},
		{"06 12\ufe0f345678", "NL", Number{"+31612345678", "NL"}},
		{"06\u221212345678", "NL", Number{"+31612345678", "NL"}},
		{"06-12345678", "NL", Number{"+31612345678", "NL"}},
		{"06.1234.5678", "NL", Number{"+31612345678", "NL"}},
		{"(06) 12345678", "NL", Number{"+31612345678", "NL"}},
		{"06/12345678", "NL", Number{"+31612345678", "NL"}},
		{" 06‑12345678\t", "NL", Number{"+31612345678", "NL"}},
		{"+31 (0)6 12345678", "", Number{"+31612345678", "NL"}},
		{"+31 (0) 6 12345678", "", Number{"+31612345678", "NL"}},
		{"+1 (0)416 555 0100", "", Number{"+14165550100", "CA"}},
		{"0031 (0)6 12345678", "BE", Number{"+31612345678", "NL"}},
		{"(+31) 6 12345678", "", Number{"+31612345678", "NL"}},
		{"\u202a+31 6 12345678\u202c", "", Number{"+31612345678", "NL"}},
		{"٠٦١٢٣٤٥٦٧٨", "NL", Number{"+31612345678", "NL"}},
		{"+۳۱۶۱۲۳۴۵۶۷۸", "", Number{"+31612345678", "NL"}},
		{"＋３１ ６ １２３４５６７８", "", Number{"+31612345678", "NL"}},
		{"٠٦١٢٣٤٥٦٧٩", "NL", Number{"+31612345679", "NL"}},
		{"𝟘𝟞𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟡", "NL", Number{"+31612345679", "NL"}},
		{"०६१२३४५६७८", "NL", Number{"+31612345678", "NL"}},
		{"0612345678", "nl", Number{}},
		{"0470 12 34 56", "BE", Number{"+32470123456", "BE"}},
		{"07400 123456", "GB", Number{"+447400123456", "GB"}},

		// Shared codes: the choice stays while the number fits it.
		{"(416) 555-0100", "CA", Number{"+14165550100", "CA"}},
		{"(416) 555-0100", "US", Number{"+14165550100", "CA"}},
		{"1 212 555 0100", "US", Number{"+12125550100", "US"}},
		{"07781 123456", "GB", Number{"+447781123456", "GG"}},
		{"+447924123456", "GB", Number{"+447924123456", "IM"}},
		{"+393331234567", "VA", Number{"+393331234567", "VA"}},
		{"+393331234567", "IT", Number{"+393331234567", "IT"}},
		{"+393331234567", "NL", Number{"+393331234567", "IT"}},
		{"0690001234", "MF", Number{"+590690001234", "MF"}},
		{"+77710009998", "RU", Number{"+77710009998", "KZ"}},

		// Zeros that are part of the number, and longer dial-out prefixes.
		{"+242 (0)6 612 3456", "", Number{"+242066123456", "CG"}},
		{"011 15-2345-6789", "AR", Number{"+5491123456789", "AR"}},
		{"+225 01 23 45 67 89", "", Number{"+2250123456789", "CI"}},
		{"0011 31 612345678", "AU", Number{"+31612345678", "NL"}},
		{"011 31 612345678", "US", Number{"+31612345678", "NL"}},
		{"000 31 612345678", "KE", Number{"+31612345678", "NL"}},
		{"8~10 31 612345678", "RU", Number{"+31612345678", "NL"}},
	} {
		got, err := Parse(test.typed, test.country)
		if (err != nil) != (test.want == Number{}) || got != test.want {
			t.Errorf("Parse(%q, %q) = %v, %v, want %v", test.typed, test.country, got, err, test.want)
		}
	}
}

func TestParseSaysWhyItRefuses(t *testing.T) {
	for _, test := range []struct {
		typed   string
		country Country
		want    Reason
	}{
		{"", "NL", NotANumber},
		{"+", "NL", NotANumber},
		{"()", "NL", NotANumber},
		{"mobile", "NL", NotANumber},
		{"06-1234-ABCD", "NL", NotANumber},
		{"1-800-FLOWERS", "US", NotANumber},
		{"telephone +31612345678", "NL", NotANumber},
		{"+31612345678 (home)", "NL", NotANumber},
		{"0612345678+31612345678", "NL", NotANumber},
		{"06123a45678", "NL", NotANumber},
		{"+999123456789", "NL", NotANumber},
		{"+0031612345678", "NL", NotANumber},
		{"0612345678", "", NoCountry},
		{"0612345678", "XX", NoCountry},

		{"0612345678 ext 5", "NL", Extension},
		{"+12125550100 ext. 5", "", Extension},
		{"+12125550100x5", "", Extension},
		{"+12125550100;ext=5", "", Extension},
		{"+12125550100#5", "", Extension},
		{"+12125550100,5", "", Extension},

		{"079161234567", "WS", TooLong}, // 0 dials out of Samoa: not Russia's +7 916

		{"+31", "NL", TooShort},
		{"06", "NL", TooShort},
		{"061234567", "NL", TooShort},
		{"06123456", "NL", TooShort},
		{"+319701234567", "NL", TooShort}, // 970 has two digits more than 6
		{"+1416", "NL", TooShort},
		{"5550100", "US", TooShort},
		{"06123456789", "NL", TooLong},
		{"+31612345678901234567890", "NL", TooLong},
		{strings.Repeat("9", maxTyped), "NL", TooLong},
		{strings.Repeat("-", maxTyped-9) + "0612345678", "NL", TooLong},
		{"+1 (0416) 555 0100", "", TooLong}, // not "(0)"

		{"+31201234567", "NL", WrongKind}, // fixed line
		{"+31662345678", "NL", WrongKind}, // pager
		{"+31852345678", "NL", WrongKind}, // internet telephony
		{"+31900123456", "NL", Premium},
		{"+19002345678", "US", Premium},
		{"+4918012345", "DE", SharedCost},
		{"+447012345678", "GB", Personal}, // looks like a mobile
		{"+44701234567", "GB", Personal},  // and a digit less does not help
		{"+318001234", "NL", TollFree},    //
		{"+18005550100", "US", TollFree},
		{"+80012345678", "NL", TollFree},
		{"+80812345678", "NL", SharedCost},
		{"+979123456789", "NL", Premium},
		{"+878101234567890", "", Personal}, // universal personal numbers
		{"+88812345678901", "", WrongKind},
		{"+870773111632", "NL", Satellite},  // Inmarsat
		{"+881612345678", "NL", Satellite},  // Iridium
		{"+8821612345678", "NL", Satellite}, // Thuraya
		{"+883510000000094", "", Satellite},

		{"0612345678", "BE", Unlisted},
		{"0671234567", "NL", Unlisted},
	} {
		n, err := Parse(test.typed, test.country)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != test.want || n != (Number{}) {
			t.Errorf("Parse(%q, %q) = %v, %v, want %q", test.typed, test.country, n, err, test.want)
		}
		_, err = ParseSure(test.typed, test.country)
		if (err == nil) != (test.want == Unlisted) {
			t.Errorf("ParseSure(%q, %q): %v, and Parse refused it as %q", test.typed, test.country, err, test.want)
		}
	}
}

func TestParseSureTakesWhatIsUnlisted(t *testing.T) {
	n, err := ParseSure("0671234567", "NL")
	if want := (Number{"+31671234567", "NL"}); err != nil || n != want {
		t.Errorf("got %v, %v, want %v", n, err, want)
	}
	n, err = ParseSure("+590691999999", "MF")
	if want := (Number{"+590691999999", "MF"}); err != nil || n != want {
		t.Errorf("shared code: got %v, %v, want %v", n, err, want)
	}
	n, err = ParseSure("0612345678", "NL")
	if want := (Number{"+31612345678", "NL"}); err != nil || n != want {
		t.Errorf("listed: got %v, %v, want %v", n, err, want)
	}
}

func TestParseAcceptsEveryMobileExampleHoweverWritten(t *testing.T) {
	for _, c := range Countries() {
		example := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE)
		e164 := phonenumbers.Format(example, phonenumbers.E164)
		written := []string{e164, "00" + e164[1:], phonenumbers.Format(example, phonenumbers.INTERNATIONAL)}
		if c != "AR" { // the library writes "09 15-2345-6789" for 011 15-2345-6789
			written = append(written, phonenumbers.Format(example, phonenumbers.NATIONAL))
		}
		for _, typed := range written {
			n, err := Parse(typed, c)
			if want := (Number{e164, c}); err != nil || n != want {
				t.Errorf("Parse(%q, %q) = %v, %v, want %v", typed, c, n, err, want)
			}
		}
	}
}

// A whole number refuses by its kind, whatever digits it has: no example that is
// not a mobile gets through, however sure somebody is.
func TestParseRefusesEveryExampleThatIsNotAMobile(t *testing.T) {
	mobile := map[phonenumbers.PhoneNumberType]bool{phonenumbers.MOBILE: true, phonenumbers.FIXED_LINE_OR_MOBILE: true}
	for _, c := range Countries() {
		for kind := phonenumbers.FIXED_LINE; kind < phonenumbers.UNKNOWN; kind++ {
			example := phonenumbers.GetExampleNumberForType(string(c), kind)
			if example == nil || mobile[phonenumbers.GetNumberType(example)] {
				continue
			}
			if n, err := ParseSure(phonenumbers.Format(example, phonenumbers.E164), c); err == nil {
				t.Errorf("%s: %v of kind %d is accepted", c, n, kind)
			}
		}
	}
}

func TestRefusalNamesTheCountryItWasReadFor(t *testing.T) {
	for _, test := range []struct {
		typed   string
		country Country
		want    Country
	}{
		{"06", "NL", "NL"},
		{"+32", "NL", "BE"},
		{"+3247012345", "NL", "BE"},
		{"+1416", "NL", "CA"},
		{"+999", "NL", Globe},
		{"+881612345678", "NL", Globe},
		{"0612345678", "XX", Globe},
	} {
		_, err := Parse(test.typed, test.country)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Country != test.want {
			t.Errorf("Parse(%q, %q): %v, want country %q", test.typed, test.country, err, test.want)
		}
	}
}

func TestRefusalHasNoDigitOfTheNumber(t *testing.T) {
	for _, reason := range []Reason{
		NotANumber, NoCountry, Extension, TooShort, TooLong, NotPossible, WrongKind,
		Premium, SharedCost, Personal, TollFree, Satellite, Unlisted,
	} {
		text := (&Refusal{Reason: reason, Country: "NL"}).Error() + (&Refusal{Reason: reason}).Error()
		if strings.ContainsAny(text, "0123456789") {
			t.Error(text)
		}
	}
	_, err := Parse("06 nonsense", "0612345678")
	if err == nil || strings.Contains(err.Error(), "0612345678") {
		t.Errorf("a country that is none is in the text: %v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	Warm()
	for _, test := range []struct{ name, typed string }{
		{"NL", "0612345678"},
		{"NL international", "+31 6 12345678"},
		{"CA", "+14165550123"},
		{"refused", "+31201234567"},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(test.typed, "NL")
			}
		})
	}
}

// What is dialled alike is written alike: each mobile number of a region of France, behind the code of each other, is
// offered as what it is, and nobody is asked whether they are sure of a number that reaches nobody.
func TestANumberOfARegionIsOffered(t *testing.T) {
	mobiles := map[Country]string{"FR": "612345678", "GP": "690001234", "GF": "694201234", "MQ": "696201234",
		"RE": "692123456", "YT": "639012345"}
	for _, family := range dialledAlike {
		for _, home := range family {
			national := mobiles[home]
			if n, err := Parse("0"+national, home); err != nil || n.Country != home {
				t.Errorf("0%s is no mobile number of %s: %v", national, home, err)
			}
			for _, other := range family {
				if other == home || plans().code[other] == plans().code[home] {
					continue
				}
				for _, text := range []string{"0" + national, "+" + strconv.Itoa(plans().code[other]) + national} {
					_, err := ParseSure(text, other)
					var r *Refusal
					if !errors.As(err, &r) || r.Reason != Elsewhere || r.Instead.Country != home {
						t.Errorf("%s in %s: %v", text, other, err)
						continue
					}
					if n, err := Parse(r.Instead.E164, Globe); err != nil || n != r.Instead {
						t.Errorf("%s is offered, and refused: %v", r.Instead.E164, err)
					}
				}
			}
		}
	}
}
