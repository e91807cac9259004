package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/plot"
	"github.com/nightlatch/nightlatch/templates"
)

const (
	// slowReceipts: a p95 beyond which a user has looked at the phone twice.
	slowReceipts = 15.0
	// slowAccepted is the promise of the first page a user sees: a code is out within ten seconds.
	slowAccepted = 10.0
	plotID       = "messages"
)

// by is who acts on an operator's page.
func (s *Site) by(c echo.Context) operator.By {
	return operator.By{Operator: must(c).User.Person(), Address: c.RealIP()}
}

// overviewPage is how messages fare over all offices.
func (s *Site) overviewPage(c echo.Context) error {
	o, err := s.Operator.Overview(c.Request().Context(), operator.PeriodOf(c.QueryParam("period")))
	if err != nil {
		return err
	}
	view := templates.OverviewView{Now: o.Now, PlotID: plotID}
	for _, name := range []string{"hour", "day", "month"} {
		view.Tabs = append(view.Tabs, templates.PeriodTab{URL: "/operator?period=" + name, Text: s.t(c, "overview."+name), Current: name == o.Period.Name})
	}
	s.overviewMessages(c, &view, o)
	s.overviewProviders(c, &view, o)
	view.Stats = s.overviewStats(c, o)
	for _, q := range o.Queues {
		view.Queues = append(view.Queues, templates.QueueRow{Name: q.Name, Depth: s.number(c, q.Depth), Oldest: s.duration(c, q.Oldest)})
	}
	for _, p := range o.Stopped {
		view.Stopped = append(view.Stopped, templates.StoppedRow{
			Prefix: p.Prefix, Range: operator.MaskedRange(p.Prefix), Flag: p.Country,
			Text: s.t(c, "overview.stopped_counts", "Country", locale.Country(s.lang(c), p.Country), "Sent", s.number(c, p.Sent),
				"Verified", s.number(c, p.Verified), "Of", s.number(c, p.Challenges)),
		})
	}
	return page(c, http.StatusOK, templates.Overview, s.operatorFrame(c, s.t(c, "overview.title"), "/operator", templates.SectionOverview), view)
}

// overviewStats are the numbers in large type.
func (s *Site) overviewStats(c echo.Context, o operator.Overview) []templates.Stat {
	all := o.All
	verified := templates.Stat{Label: s.t(c, "overview.verified_of_sent"), Value: s.share(c, all.Verified, all.Sent)}
	if all.Sent > 0 {
		verified.Tone, verified.Note = templates.ToneOK, s.t(c, "overview.of", "N", s.number(c, all.Verified), "Of", s.number(c, all.Sent))
		if all.Verified*2 < all.Sent {
			verified.Tone = templates.ToneWarn
		}
	}
	accepted := templates.Stat{Label: s.t(c, "overview.accepted_p95"), Value: s.seconds(c, all.AcceptedP95)}
	if all.AcceptedP95 >= 0 {
		accepted.Tone, accepted.Note = templates.ToneOK, s.t(c, "overview.half", "Time", s.seconds(c, all.AcceptedP50))
		if all.AcceptedP95 > slowAccepted {
			accepted.Tone = templates.ToneWarn
		}
	}
	delivered := templates.Stat{Label: s.t(c, "overview.delivered_p95"), Value: s.seconds(c, all.DeliveredP95)}
	if all.DeliveredP95 >= 0 {
		delivered.Tone, delivered.Note = templates.ToneOK, s.t(c, "overview.half", "Time", s.seconds(c, all.DeliveredP50))
		for _, d := range o.ByCountry { // the busiest slow country
			if d.DeliveredP95 > slowReceipts && d.Country != "" {
				delivered.Tone = templates.ToneWarn
				delivered.Note = s.t(c, "overview.slowest", "Country", locale.Country(s.lang(c), d.Country), "Time", s.seconds(c, d.DeliveredP95))
				break
			}
		}
	}
	depth, oldest := 0, time.Duration(0)
	for _, q := range o.Queues {
		depth, oldest = depth+q.Depth, max(oldest, q.Oldest)
	}
	waiting := templates.Stat{Label: s.t(c, "overview.waiting_now"), Value: s.number(c, depth)}
	if depth > 0 {
		waiting.Tone, waiting.Note = templates.ToneOK, s.t(c, "overview.oldest_is", "Time", s.duration(c, oldest))
		if oldest > time.Minute {
			waiting.Tone = templates.ToneWarn
		}
	}
	spent := templates.Stat{Label: s.t(c, "overview.spent"), Value: s.money(c, o.Spent), Note: s.t(c, "overview.no_cap")}
	if o.Cap != "" {
		spent.Tone, spent.Note = templates.ToneOK, s.t(c, "overview.of_cap", "Cap", s.moneyText(c, o.Cap))
		if near(o.Spent, o.Cap) {
			spent.Tone = templates.ToneWarn
		}
	}
	return []templates.Stat{verified, accepted, delivered, waiting, spent}
}

// near reports whether more than four fifths of a cap are spent.
func near(spent float64, most string) bool {
	f, err := strconv.ParseFloat(most, 64)
	return err == nil && spent > 0.8*f
}

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
func (s *Site) overviewMessages(c echo.Context, view *templates.OverviewView, o operator.Overview) {
	st := o.All.States
	stack := plot.Stack{
		ID: plotID, Title: s.t(c, "overview.over_time"), Ticks: 5, Text: s.t(c, "overview.plot_text", s.states(c, st)...),
		Number: func(n int) string { return locale.Short(s.lang(c), n) },
	}
	for _, p := range parts {
		stack.Kinds = append(stack.Kinds, plot.Kind{Key: p.pattern, Name: s.t(c, p.name)})
		view.Legend = append(view.Legend, templates.LegendItem{
			Pattern: p.pattern, Name: s.t(c, p.name), N: s.number(c, p.of(st)), Share: s.share(c, p.of(st), st.Total()),
		})
	}
	for _, b := range o.Bars {
		onAxis, whole := locale.HourMinute, locale.HourMinute
		if o.Period.Step >= 24*time.Hour {
			onAxis, whole = locale.DayMonth, locale.Day
		}
		tick, label := locale.Time(s.lang(c), onAxis, b.At), locale.Time(s.lang(c), whole, b.At)
		bar := plot.Bar{Label: s.t(c, "overview.bar", append([]any{"At", label}, s.states(c, b.States)...)...), Tick: tick}
		row := templates.BarRow{Label: label}
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
	}{{"overview.by_provider", "overview.provider", o.ByProvider}, {"overview.by_country", "overview.country", o.ByCountry}} {
		table := templates.DeliveryTable{Title: s.t(c, group.title), Head: s.t(c, group.head)}
		for _, d := range group.rows {
			table.Rows = append(table.Rows, s.delivery(c, d))
		}
		view.Groups = append(view.Groups, table)
	}
}

func (s *Site) states(c echo.Context, st operator.States) []any {
	return []any{
		"N", s.number(c, st.Total()), "Delivered", s.number(c, st.Delivered), "Accepted", s.number(c, st.Accepted),
		"Waiting", s.number(c, st.Waiting), "Unsure", s.number(c, st.Unsure), "Failed", s.number(c, st.Failed),
	}
}

func (s *Site) delivery(c echo.Context, d operator.Delivery) templates.DeliveryRow {
	row := templates.DeliveryRow{
		Provider: s.providerName(c, d.Provider), Country: d.Country, Messages: s.number(c, d.States.Total()), Sent: s.number(c, d.Sent),
		Delivered: s.number(c, d.States.Delivered), Failed: s.number(c, d.States.Failed), Verified: s.number(c, d.Verified),
		Accepted: s.span(c, d.AcceptedP50, d.AcceptedP95), Arrived: s.span(c, d.DeliveredP50, d.DeliveredP95),
	}
	if d.Provider == "" {
		row.Provider = s.t(c, "overview.not_sent_yet")
	}
	if d.Country != "" {
		row.Name = locale.Country(s.lang(c), d.Country)
	}
	return row
}

func (s *Site) span(c echo.Context, p50, p95 float64) string {
	if p50 < 0 {
		return "—"
	}
	return s.seconds(c, p50) + " / " + s.seconds(c, p95)
}

// condition says in a few words how a provider does for a country.
func (s *Site) condition(c echo.Context, o operator.Overview, d operator.Delivery) templates.Condition {
	for _, p := range o.Providers {
		if p.Name == d.Provider && !p.OpenSince.IsZero() {
			return templates.Condition{Tone: templates.ToneBad, Text: s.sentence(c, operator.Sentence{Key: "overview.open", Args: []any{"Since", p.OpenSince}})}
		}
	}
	switch {
	case d.Provider == "":
		return templates.Condition{Text: s.words(c, "overview.waiting")}
	case d.DeliveredP95 > slowReceipts:
		return templates.Condition{Tone: templates.ToneWarn, Text: s.words(c, "overview.slow")}
	}
	return templates.Condition{Tone: templates.ToneOK, Text: s.words(c, "overview.healthy")}
}

// words is a sentence without moments.
func (s *Site) words(c echo.Context, id string) templates.Sentence {
	return templates.Sentence{{Text: locale.T(s.lang(c), id)}}
}

// overviewProviders are the breakers and the accounts, and what of them needs somebody now.
func (s *Site) overviewProviders(c echo.Context, view *templates.OverviewView, o operator.Overview) {
	for _, p := range o.Providers {
		row := templates.ProviderRow{Name: s.providerName(c, p.Name), State: templates.Condition{Tone: templates.ToneOK, Text: s.words(c, "overview.healthy")}, BalanceAt: p.BalanceAt}
		switch {
		case !p.OpenSince.IsZero():
			row.State = templates.Condition{Tone: templates.ToneBad, Text: s.sentence(c, operator.BreakerSentence(p))}
			view.Warnings = append(view.Warnings, templates.Warning{Bad: true, Text: row.State.Text})
		case p.Failures > 0:
			row.State = templates.Condition{Tone: templates.ToneWarn, Text: s.sentence(c, operator.Sentence{Key: "overview.failing", Args: []any{"N", p.Failures}})}
		}
		if !p.BalanceAt.IsZero() {
			row.Balance, row.Low = s.money(c, p.Balance), p.Balance < s.BalanceWarn
			if row.Low {
				view.Warnings = append(view.Warnings, templates.Warning{Text: s.sentence(c, operator.Sentence{Key: "overview.low_balance", Args: []any{
					"Provider", operator.Name(p.Name), "Balance", row.Balance, "Least", s.money(c, s.BalanceWarn),
				}})})
			}
		}
		view.Providers = append(view.Providers, row)
	}
	if o.Cap != "" && near(o.Spent, o.Cap) {
		view.Warnings = append(view.Warnings, templates.Warning{Text: s.sentence(c, operator.Sentence{Key: "overview.near_cap", Args: []any{
			"Spent", s.money(c, o.Spent), "Cap", s.moneyText(c, o.Cap),
		}})})
	}
}

// releasePrefix lets a stopped range of numbers go.
func (s *Site) releasePrefix(c echo.Context) error {
	err := s.Operator.ReleasePrefix(c.Request().Context(), s.by(c), c.FormValue("prefix"))
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrBadRequest
	}
	if err != nil {
		return err
	}
	return s.redirect(c, "/operator?done=prefix_released")
}
