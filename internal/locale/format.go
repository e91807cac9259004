package locale

import (
	"strconv"
	"strings"
	"time"
)

// The catalogue has what numbers and moments are written with: number.decimal and number.group stand in a number,
// and date.<layout> are layouts of package time.

// Layout is how much of a moment is written: the catalogue's date.<layout>.
type Layout string

// The layouts. Those with a time name the zone, but for Second and HourMinute, which stand beside others.
const (
	Moment     Layout = "moment" // date and minute
	Minute     Layout = "minute" // of the day
	Second     Layout = "second" // of the day
	HourMinute Layout = "hour_minute"
	Day        Layout = "day"
	DayMonth   Layout = "day_month" // on an axis
)

// Time returns a moment as lang writes it, in the time zone that it carries: give it at.In(zone).
func Time(lang string, layout Layout, at time.Time) string {
	return at.Format(T(lang, "date."+string(layout)))
}

// Decimal returns a number with so many decimals as lang writes it, its thousands not set apart.
func Decimal(lang string, f float64, decimals int) string {
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	return strings.Replace(text, ".", T(lang, "number.decimal"), 1)
}

// Money returns an amount with its currency, an ISO 4217 code.
func Money(lang, currency string, f float64) string {
	return T(lang, "number.money", "Currency", currency, "N", Decimal(lang, f, 2))
}

// Integer returns a number that is not negative, with its thousands set apart as lang does.
func Integer(lang string, n int) string {
	text, group := strconv.Itoa(n), T(lang, "number.group")
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + group + text[i:]
	}
	return text
}

// Percent returns the share of part in whole with at most one decimal, and false when there is no whole.
func Percent(lang string, part, whole int) (string, bool) {
	if whole == 0 {
		return "", false
	}
	return T(lang, "number.percent", "N", Rounded(lang, 100*float64(part)/float64(whole))), true
}

// Rounded returns a number with one decimal, and with none where that is 0.
func Rounded(lang string, f float64) string {
	if text := strconv.FormatFloat(f, 'f', 1, 64); strings.HasSuffix(text, ".0") {
		return strings.TrimSuffix(text, ".0")
	}
	return Decimal(lang, f, 1)
}

// Short returns a number that is not negative as an axis shows it: 900, 1.5k, 2M.
func Short(lang string, n int) string {
	switch {
	case n >= 1_000_000:
		return T(lang, "number.millions", "N", Rounded(lang, float64(n)/1e6))
	case n >= 1000:
		return T(lang, "number.thousands", "N", Rounded(lang, float64(n)/1000))
	}
	return strconv.Itoa(n)
}
