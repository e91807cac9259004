package operator

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// overviewStats are the numbers in large type.
func (s *Screens) overviewStats(c echo.Context, o operator.Overview) []pages.Stat {
	all := o.All
	verified := pages.Stat{Label: s.T(c, "overview.verified_of_sent"), Value: s.share(c, all.Verified, all.Sent)}
	if all.Sent > 0 {
		verified.Tone, verified.Note = pages.ToneOK, s.T(c, "overview.of", "N", s.number(c, all.Verified), "Of",
			s.number(c, all.Sent))
		if all.Verified*2 < all.Sent {
			verified.Tone = pages.ToneWarn
		}
	}
	accepted := pages.Stat{Label: s.T(c, "overview.accepted_p95"), Value: s.seconds(c, all.AcceptedP95)}
	if all.AcceptedP95 >= 0 {
		accepted.Tone, accepted.Note = pages.ToneOK, s.T(c, "overview.half", "Time", s.seconds(c, all.AcceptedP50))
		if all.AcceptedP95 > slowAccepted {
			accepted.Tone = pages.ToneWarn
		}
	}
	delivered := pages.Stat{Label: s.T(c, "overview.delivered_p95"), Value: s.seconds(c, all.DeliveredP95)}
	if all.DeliveredP95 >= 0 {
		delivered.Tone, delivered.Note = pages.ToneOK, s.T(c, "overview.half", "Time", s.seconds(c, all.DeliveredP50))
		for _, d := range o.ByCountry { // the busiest slow country
			if d.DeliveredP95 > slowReceipts && d.Country != "" {
				delivered.Tone = pages.ToneWarn
				delivered.Note = s.T(c, "overview.slowest", "Country", locale.Country(s.Lang(c), d.Country), "Time",
					s.seconds(c, d.DeliveredP95))
				break
			}
		}
	}
	depth, oldest := 0, time.Duration(0)
	for _, q := range o.Queues {
		depth, oldest = depth+q.Depth, max(oldest, q.Oldest)
	}
	waiting := pages.Stat{Label: s.T(c, "overview.waiting_now"), Value: s.number(c, depth)}
	if depth > 0 {
		waiting.Tone, waiting.Note = pages.ToneOK, s.T(c, "overview.oldest_is", "Time", s.duration(c, oldest))
		if oldest > time.Minute {
			waiting.Tone = pages.ToneWarn
		}
	}
	spent := pages.Stat{
		Label: s.T(c, "overview.spent"), Value: s.money(c, o.Spending.Spent), Note: s.T(c, "overview.no_cap"),
	}
	if o.Spending.Cap != "" {
		spent.Tone, spent.Note = pages.ToneOK, s.T(c, "overview.of_cap", "Cap", s.moneyText(c, o.Spending.Cap))
		if at := o.Spending.ReachedAt; !at.IsZero() {
			spent.Note += " · " + s.forecast(c, at)
		}
		if o.Spending.Near {
			spent.Tone = pages.ToneWarn
		}
	}
	stats := []pages.Stat{verified, accepted, delivered, waiting, spent}
	if o.Clocks.Apps > 0 {
		stats = append(stats, s.clockStat(c, o.Clocks))
	}
	return stats
}
