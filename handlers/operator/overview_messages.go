package operator

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/plot"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// parts are the states in the order in which bars stand on each other.
var parts = [...]struct {
	pattern, name string
	of            func(operator.States) int
}{

	{"solid", "overview.delivered", func(st operator.States) int { return st.Delivered }},
	{"striped", "overview.accepted", func(st operator.States) int { return st.Accepted }},
	{"hollow", "overview.waiting", func(st operator.States) int { return st.Waiting }},
	{"dotted", "overview.unsure", func(st operator.States) int { return st.Unsure }},
	{"crossed", "overview.failed", func(st operator.States) int { return st.Failed }},
}

// overviewMessages are the plot, its numbers, and the tables.
func (s *Screens) overviewMessages(c echo.Context, view *pages.OverviewView, o operator.Overview) {
	st := o.All.States
	stack := plot.Stack{
		ID: plotID, Title: s.T(c, "overview.over_time"), Ticks: 5, Text: s.T(c, "overview.plot_text", s.states(c, st)...),
		Number: func(n int) string { return locale.Short(s.Lang(c), n) },
	}
	for _, p := range parts {
		stack.Kinds = append(stack.Kinds, plot.Kind{Key: p.pattern, Name: s.T(c, p.name)})
		view.Legend = append(view.Legend, pages.LegendItem{
			Pattern: p.pattern, Name: s.T(c, p.name), N: s.number(c, p.of(st)), Share: s.share(c, p.of(st), st.Total()),
		})
	}
	for _, b := range o.Bars {
		onAxis, whole, at := locale.HourMinute, locale.HourMinute, b.At.In(web.Zone(c))
		if o.Period.Step >= 24*time.Hour {
			onAxis, whole, at = locale.DayMonth, locale.Day, b.At.UTC() // costs and bars are of days of UTC
		}
		tick, label := locale.Time(s.Lang(c), onAxis, at), locale.Time(s.Lang(c), whole, at)
		bar := plot.Bar{Label: s.T(c, "overview.bar", append([]any{"At", label}, s.states(c, b.States)...)...), Tick: tick}
		row := pages.BarRow{Label: label}
		for _, p := range parts {
			bar.Values = append(bar.Values, p.of(b.States))
			row.Values = append(row.Values, s.number(c, p.of(b.States)))
		}
		stack.Bars = append(stack.Bars, bar)
		view.Bars = append(view.Bars, row)
	}
	view.Plot = stack.SVG()
	for _, d := range o.ByBoth {
		row := s.delivery(c, d)
		row.State = s.condition(c, o, d)
		view.Both = append(view.Both, row)
	}
	for _, group := range []struct {
		title, head string
		rows        []operator.Delivery
	}{{"overview.by_provider", "overview.provider", o.ByProvider}, {"overview.by_country", "overview.country",
		o.ByCountry}} {
		table := pages.DeliveryTable{Title: s.T(c, group.title), Head: s.T(c, group.head)}
		for _, d := range group.rows {
			table.Rows = append(table.Rows, s.delivery(c, d))
		}
		view.Groups = append(view.Groups, table)
	}
}

func (s *Screens) states(c echo.Context, st operator.States) []any {
	return []any{
		"N", s.number(c, st.Total()), "Delivered", s.number(c, st.Delivered), "Accepted", s.number(c, st.Accepted),
		"Waiting", s.number(c, st.Waiting), "Unsure", s.number(c, st.Unsure), "Failed", s.number(c, st.Failed),
	}
}

func (s *Screens) delivery(c echo.Context, d operator.Delivery) pages.DeliveryRow {
	row := pages.DeliveryRow{
		Provider: s.providerName(c, d.Provider), Country: d.Country, Messages: s.number(c, d.States.Total()),
		Sent:      s.number(c, d.Sent),
		Delivered: s.number(c, d.States.Delivered), Failed: s.number(c, d.States.Failed), Verified: s.number(c, d.Verified),
		Accepted: s.span(c, d.AcceptedP50, d.AcceptedP95), Arrived: s.span(c, d.DeliveredP50, d.DeliveredP95),
	}
	if d.Provider == "" {
		row.Provider = s.T(c, "overview.not_sent_yet")
	}
	if d.Country != "" {
		row.Name = locale.Country(s.Lang(c), d.Country)
	}
	return row
}

func (s *Screens) span(c echo.Context, p50, p95 float64) string {
	if p50 < 0 {
		return "—"
	}
	return s.seconds(c, p50) + " / " + s.seconds(c, p95)
}

// condition says in a few words how a provider does for a country.
func (s *Screens) condition(c echo.Context, o operator.Overview, d operator.Delivery) pages.Condition {
	for _, p := range o.Providers {
		if p.Name == d.Provider && !p.OpenSince.IsZero() {
			return pages.Condition{Tone: pages.ToneBad,
				Text: s.sentence(c, operator.Sentence{Key: "overview.open", Args: []any{"Since", p.OpenSince}})}
		}
	}
	switch {
	case d.Provider == "":
		return pages.Condition{Text: s.words(c, "overview.waiting")}
	case d.DeliveredP95 > slowReceipts:
		return pages.Condition{Tone: pages.ToneWarn, Text: s.words(c, "overview.slow")}
	}
	return pages.Condition{Tone: pages.ToneOK, Text: s.words(c, "overview.healthy")}
}
