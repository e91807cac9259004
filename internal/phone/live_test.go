package phone

import "testing"

func TestLiveFollowsWhatIsTyped(t *testing.T) {
	for _, test := range []struct {
		typed   string
		current Country
		chosen  bool
		want    Country
		why     string
	}{
		// Without a code.
		{"", "NL", false, "NL", "nothing typed"},
		{"", "", false, "", "nothing typed, nothing shown"},
		{"0612345678", "NL", false, "NL", "national"},
		{"0470123456", "NL", false, "NL", "national, though it is a Belgian number"},
		{"31612345678", "BE", false, "BE", "a code needs + or 00"},
		{"4165550100", "US", false, "US", "national, though 416 is in Canada"},
		{"06", "", false, "", "national, no country"},
		{"hello", "NL", false, "NL", "no digits"},

		// A code that is not whole.
		{"+", "NL", false, "NL", "may still become NL"},
		{"+3", "NL", false, "NL", "may still become NL"},
		{"+3", "BE", false, "BE", "may still become BE"},
		{"+3", "DE", false, "", "cannot become DE, decides nothing"},
		{"+3", "", false, "", "decides nothing"},
		{"00", "NL", false, "NL", "00 is +"},
		{"003", "DE", false, "", "00 is +"},
		{"0", "DE", false, "DE", "may be a national number"},
		{"+88", "NL", true, "", "cannot become NL, chosen or not"},

		// A whole code.
		{"+31", "BE", true, "NL", "the digits win over a choice"},
		{"0031", "BE", false, "NL", "00 is +"},
		{"0031", "US", false, "NL", "00 is + in the US too"},
		{"+32 470", "NL", false, "BE", "spaces"},
		{"(+32) 470", "NL", false, "BE", "brackets"},
		{"06+32470", "NL", false, "BE", "pasted behind another"},
		{"+٣٢", "NL", false, "BE", "Arabic-Indic digits"},
		{"＋３２", "NL", false, "BE", "full-width digits"},
		{"+383", "NL", false, "XK", "Kosovo"},
		{"+247", "NL", false, "AC", "Ascension"},
		{"+2908", "NL", false, "SH", "TA has no mobiles and no flag in the list"},

		// No country.
		{"+800", "NL", false, "", "toll free of no country"},
		{"+881612345678", "NL", true, "", "satellites of no country"},
		{"+999", "NL", false, "", "no such code"},
		{"+0", "NL", false, "", "no code begins with 0"},
		{"+031", "BE", false, "", "is not +31"},

		// Shared codes.
		{"+1", "NL", false, "US", "the main country"},
		{"+1", "CA", true, "CA", "chosen"},
		{"+1204", "US", true, "CA", "the digits win over a choice"},
		{"+1212", "CA", true, "US", "the digits win over a choice"},
		{"+1800", "CA", true, "CA", "belongs nowhere in particular"},
		{"+7", "KZ", true, "KZ", "chosen"},
		{"+79", "KZ", true, "RU", "the digits win"},
		{"+77", "RU", true, "KZ", "the digits win"},
		{"+44", "GG", true, "GG", "chosen"},
		{"+447781", "NL", false, "GG", "the digits decide"},
		{"+447781123456", "GB", true, "GG", "the digits win over a choice"},
		{"+4477811234567890", "NL", false, "GG", "too long, and still Guernsey's"},
		{"+590690", "NL", false, "GP", "the main country"},
		{"+590690", "MF", true, "MF", "chosen"},
		{"+590690001234", "MF", true, "MF", "chosen, and the whole number allows it"},
		{"+590690001234", "MF", false, "GP", "not chosen: as libphonenumber says"},
		{"+39333", "VA", true, "VA", "chosen"},
		{"+3906698", "IT", true, "VA", "the digits win"},
		{"+358401234567", "AX", true, "AX", "chosen"},
		{"+262639", "RE", true, "YT", "the digits win"},

		// The 0 for calls inside the country.
		{"+44 (0)7781", "NL", false, "GG", "(0)"},
		{"+44 (0", "GG", false, "GG", "(0) half typed"},
		{"+1 (0)416", "NL", false, "CA", "(0) where there is none"},
		{"+44 07781", "NL", false, "GG", "0 without brackets"},

		// What a form can hold.
		{"+31", "xx", true, "NL", "unknown country"},
		{"+3", "nl", false, "", "not an upper-case code"},
		{"06", "<b>", false, "", "not a country"},
	} {
		if got := Live(test.typed, test.current, test.chosen); got != test.want {
			t.Errorf("Live(%q, %q, %v) = %q, want %q: %s", test.typed, test.current, test.chosen, got, test.want, test.why)
		}
	}
}

func TestLiveIgnoresWhatIsTooLongToBeANumber(t *testing.T) {
	long := "+32"
	for len(long) <= maxTyped {
		long += "-"
	}
	if got := Live(long, "NL", false); got != "NL" {
		t.Errorf("got %q", got)
	}
}

// Guards the 44 µs of a keystroke, of which the slowest is in a code that
// twenty-five countries share.
func BenchmarkLive(b *testing.B) {
	Warm()
	for _, test := range []struct{ name, typed string }{
		{"national", "0612345678"},
		{"NL", "+31612345678"},
		{"GB", "+447400123456"},
		{"US", "+12015550123"},
		{"CA", "+14165550123"},
		{"partial +1", "+1"},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Live(test.typed, "NL", false)
			}
		})
	}
}
