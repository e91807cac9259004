package operator

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/operator"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// clockStat is how far the clocks of apps are from ours.
func (s *Screens) clockStat(c echo.Context, clocks operator.Clocks) pages.Stat {
	stat := pages.Stat{Label: s.T(c, "overview.clocks"), Value: s.drift(c, clocks.Median), Tone: pages.ToneOK}
	stat.Note = s.T(c, "overview.clocks_off", "Off", s.number(c, clocks.Off), "Apps", s.number(c, clocks.Apps))
	if clocks.Ours {
		stat.Tone = pages.ToneBad
	}
	return stat
}

// drift is by how many seconds a clock is fast (+) or slow (−).
func (s *Screens) drift(c echo.Context, d time.Duration) string {
	switch {
	case d > 0:
		return "+" + s.duration(c, d)
	case d < 0:
		return "\u2212" + s.duration(c, -d)
	}
	return s.duration(c, 0)
}
