package locale

import (
	"testing"
	"time"
)

func TestNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	for lang, want := range map[string][2]string{"en": {"12.5 %", "20 %"}, "nl": {"12,5 %", "20 %"}} {
		half, _ := Percent(lang, 1, 8)
		if whole, _ := Percent(lang, 1, 5); half != want[0] || whole != want[1] {
			t.Errorf("in %s: %s and %s, want %v", lang, half, whole, want)
		}
	}
	if text, ok := Percent("en", 0, 0); ok || text != "" {
		t.Errorf("nothing of nothing is %q", text)
	}
	for got, want := range map[string]string{
		Decimal("en", 1234.5, 2): "1234.50", Decimal("nl", 1234.5, 2): "1234,50", Decimal("nl-BE", -0.25, 1): "-0,2",
		Decimal("nl", 3, 0): "3", Rounded("nl", 3.04): "3", Rounded("nl", 3.06): "3,1",
		Integer("en", 0): "0", Integer("en", 999): "999", Integer("nl", 1000): "1\u202f000",
		Integer("en", 12345678): "12\u202f345\u202f678",
	} {
		if got != want {
			t.Errorf("written as %q, want %q", got, want)
		}
	}
	for n, want := range map[int]string{5: "5", 999: "999", 1000: "1k", 2500: "2.5k", 50_000: "50k", 2_000_000: "2M"} {
		if got := Short("en", n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	if got := Short("nl", 2500); got != "2,5k" {
		t.Errorf("2500 is %s in Dutch", got)
	}
}

func TestMomentsAreWrittenAsTheLanguageDoes(t *testing.T) {
	at := time.Date(2026, 11, 7, 8, 5, 3, 0, time.UTC)
	for layout, want := range map[Layout][2]string{
		Moment: {"2026-11-07 08:05 UTC", "07-11-2026 08:05 UTC"}, Day: {"2026-11-07", "07-11-2026"},
		Minute: {"08:05 UTC", "08:05 UTC"}, Second: {"08:05:03", "08:05:03"}, HourMinute: {"08:05", "08:05"},
		DayMonth: {"07-11", "07-11"},
	} {
		if en, nl := Time("en", layout, at), Time("nl", layout, at); en != want[0] || nl != want[1] {
			t.Errorf("%s is %q and %q, want %q", layout, en, nl, want)
		}
	}
	if local := Time("nl", Moment, at.In(time.FixedZone("CET", 3600))); local != "07-11-2026 09:05 CET" {
		t.Errorf("in another zone it is %q", local)
	}
	// A layout that loses a part would show two moments alike.
	for _, lang := range Languages() {
		for layout, step := range map[Layout]time.Duration{
			Moment: time.Minute, Day: 24 * time.Hour, Minute: time.Minute, Second: time.Second,
			HourMinute: time.Minute, DayMonth: 24 * time.Hour,
		} {
			if Time(lang, layout, at) == Time(lang, layout, at.Add(step)) {
				t.Errorf("%s in %s does not tell %s", layout, lang, step)
			}
		}
	}
}
