package operator

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// duration is a length of time as precise as it is worth reading: 0.3 s, 42 s, 13 min, 2 h 5 min, 3 d 4 h.
func (s *Screens) duration(c echo.Context, d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return s.T(c, "op_amount.seconds", "N", locale.Rounded(s.Lang(c), d.Seconds()))
	case d < 2*time.Minute:
		return s.T(c, "op_amount.seconds", "N", int(d.Seconds()))
	case d < 2*time.Hour:
		return s.T(c, "op_amount.minutes", "N", int(d.Minutes()))
	case d < 48*time.Hour:
		return s.T(c, "op_amount.hours", "N", int(d.Hours()), "Rest", int(d.Minutes())%60)
	}
	return s.T(c, "op_amount.days", "N", int(d.Hours())/24, "Rest", int(d.Hours())%24)
}

// money is an amount with its currency, that of the providers' accounts.
func (s *Screens) money(c echo.Context, f float64) string {
	return locale.Money(s.Lang(c), s.currency, f)
}

// typed is an amount of the database as an operator types it.
func (s *Screens) typed(c echo.Context, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return ""
	}
	return locale.Decimal(s.Lang(c), f, 2)
}

// moneyText is an amount that the database holds as text.
func (s *Screens) moneyText(c echo.Context, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return ""
	}
	return s.money(c, f)
}

// forecast says when a cap is reached; "" for a time that is none.
func (s *Screens) forecast(c echo.Context, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return s.T(c, "offices.forecast", "On", locale.Time(s.Lang(c), locale.Day, at.In(web.Zone(c))))
}

// number is a number that is not negative, with its thousands set apart.
func (s *Screens) number(c echo.Context, n int) string { return locale.Integer(s.Lang(c), n) }

// share is a percentage, or a dash where there is no whole.
func (s *Screens) share(c echo.Context, part, whole int) string {
	if text, ok := locale.Percent(s.Lang(c), part, whole); ok {
		return text
	}
	return "—"
}

// seconds is a percentile, or a dash where there was nothing to measure.
func (s *Screens) seconds(c echo.Context, f float64) string {
	if f < 0 {
		return "—"
	}
	return s.duration(c, time.Duration(f*float64(time.Second)))
}
