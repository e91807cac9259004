package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// Minutes reads a length of time that was typed in minutes: 0 for nothing, less than 0 for what is none.
func Minutes(text string) time.Duration {
	if text == "" {
		return 0
	}
	minutes, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || !(minutes >= 1 && minutes <= 24*60) { // NaN is neither
		return -1
	}
	return time.Duration(minutes * float64(time.Minute)).Round(time.Second)
}

// FactorAge is a greatest age of the second factor in words, or "".
func (w *Web) FactorAge(c echo.Context, age time.Duration) string {
	switch {
	case age == 0:
		return ""
	case age%time.Minute != 0:
		return w.N(c, "apps.seconds", int(age.Seconds()))
	}
	return w.N(c, "apps.minutes", int(age.Minutes()))
}
