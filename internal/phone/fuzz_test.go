package phone

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// seeds are what a field gets that nobody has in mind.
var seeds = []string{
	"", "+", "0", "00", "++31", "+31", "0612345678", "+31612345678", "0031612345678",
	"+31 (0)6 12345678", "+44 (0", "+44 (0)(0)7781", "(0)", "(0", "+(0)", "00(0)31", "0(0)0",
	"+12125550100 ext 5", "x5", "1-800-FLOWERS", "+8821612345678", "+999", "+031",
	"٠٦١٢٣٤٥٦٧٨", "＋３１", "\u202a+31\u202c", "\x00", "\xff\xfe", "+31\xff6", "𝟎𝟔𝟏𝟐",
	"tel:+31-6;phone-context=+1", "<script>", "'; drop table users", strings.Repeat("9", 64),
	strings.Repeat("+", 64), strings.Repeat("(0)", 21), "+310000000000",
}

var shownFirst = []string{"", "NL", "US", "GG", "MF", "WS", "JP", "TA", "nl", "\xff", "0031612345678"}

func FuzzLive(f *testing.F) {
	for i, seed := range seeds {
		f.Add(seed, shownFirst[i%len(shownFirst)], i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, typed, current string, chosen bool) {
		got := Live(typed, Country(current), chosen)
		if got != Globe && got.CallingCode() == 0 {
			t.Errorf("%q is no country of the list", got)
		}
		if again := Live(typed, got, chosen); got != Globe && again != got {
			t.Errorf("the same text again shows %q after %q", again, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for i, seed := range seeds {
		f.Add(seed, shownFirst[i%len(shownFirst)])
	}
	f.Fuzz(func(t *testing.T, typed, country string) {
		n, err := Parse(typed, Country(country))
		if err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Reason == "" {
				t.Fatalf("not a refusal: %v", err)
			}
			if strings.ContainsAny(err.Error(), "0123456789") || !utf8.ValidString(err.Error()) {
				t.Errorf("the text is not ours alone: %q", err)
			}
			if n != (Number{}) {
				t.Errorf("refused, and yet %v", n)
			}
		}
		sure, errSure := ParseSure(typed, Country(country))
		if err == nil && (errSure != nil || sure != n) {
			t.Errorf("sure: %v, %v, not sure: %v", sure, errSure, n)
		}
		if errSure != nil {
			return
		}
		roundTrip(t, sure)
	})
}

// roundTrip checks that a number, as stored and as shown, is read as itself.
func roundTrip(t *testing.T, n Number) {
	t.Helper()
	if len(n.E164) < 6 || len(n.E164) > 16 || n.E164[0] != '+' || strings.Trim(n.E164[1:], "0123456789") != "" {
		t.Errorf("not E.164: %q", n.E164)
	}
	if n.Country.CallingCode() == 0 {
		t.Errorf("no country of the list: %q", n.Country)
	}
	for _, text := range []string{n.E164, n.International()} {
		if again, err := ParseSure(text, n.Country); err != nil || again != n {
			t.Errorf("%q is read as %v, %v, not as %v", text, again, err, n)
		}
	}
	if strings.Contains(Masked(n.E164), n.E164[len(n.E164)-5:]) {
		t.Errorf("the mask shows %q", Masked(n.E164))
	}
}

// Fuzzing seldom finds a calling code by itself.
func TestEveryAcceptedNumberIsReadAsItself(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 6))
	accepted := 0
	for _, c := range Countries() {
		p := plans().of[c]
		for range 15 {
			typed := "+" + strconv.Itoa(c.CallingCode())
			for range p.mobileLengths[random.IntN(len(p.mobileLengths))] {
				typed += strconv.Itoa(random.IntN(10) * random.IntN(2)) // many zeros
			}
			if n, err := ParseSure(typed, c); err == nil {
				accepted++
				roundTrip(t, n)
			}
		}
	}
	if accepted < 750 {
		t.Errorf("only %d numbers are accepted", accepted)
	}
}
