package operator

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

const (
	// slowReceipts: a p95 beyond which a user has looked at the phone twice.
	slowReceipts = 15.0
	// slowAccepted is the promise of the first page a user sees: a code is out within ten seconds.
	slowAccepted = 10.0
	plotID       = "messages"
)

// OverviewPage is how messages fare over all offices.
func (s *Screens) OverviewPage(c echo.Context) error {
	view, err := s.overview(c)
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusOK, pages.Overview,
		s.layout(c, s.T(c, "overview.title"), paths.Operator, templates.SectionOverview), view)
}

// OverviewLive is what of the overview shows itself again. It keeps no session alive: nobody need be looking.
func (s *Screens) OverviewLive(c echo.Context) error {
	view, err := s.overview(c)
	if err != nil {
		return err
	}
	return web.Fragment(c, http.StatusOK, pages.OverviewNow, s.Lang(c), view)
}

func (s *Screens) overview(c echo.Context) (view pages.OverviewView, _ error) {
	o, err := s.operator.Overview(c.Request().Context(), operator.PeriodOf(c.QueryParam("period")),
		web.Zone(c))
	if err != nil {
		return view, err
	}
	view = pages.OverviewView{
		Now: o.Now, PlotID: plotID, Zone: o.Now.In(web.Zone(c)).Format("MST"),
		URL: paths.OperatorLive + "?period=" + o.Period.Name, Every: 10,
	}
	if o.Period.Step >= 24*time.Hour {
		view.Every = 60 // a month is counted again
	}
	if view.Waiting, err = s.waitingRows(c, fewWaiting); err != nil {
		return view, err
	}
	view.Waiting.All = paths.OperatorWaiting
	for _, name := range []string{"hour", "day", "month"} {
		view.Tabs = append(view.Tabs,
			pages.PeriodTab{URL: paths.Operator + "?period=" + name, Text: s.T(c, "overview."+name),
				Current: name == o.Period.Name})
	}
	s.overviewMessages(c, &view, o)
	s.overviewProviders(c, &view, o)
	s.overviewProxies(c, &view, o)
	s.overviewMail(c, &view, o)
	if o.Clocks.Ours {
		view.Warnings = append(view.Warnings, pages.Warning{Bad: true, Text: s.sentence(c, operator.Sentence{
			Key: "overview.clock_ours", Args: []any{"Median", s.drift(c, o.Clocks.Median), "Apps", s.number(c, o.Clocks.Apps)},
		})})
	}
	view.Stats = s.overviewStats(c, o)
	for _, q := range o.Queues {
		view.Queues = append(view.Queues,
			pages.QueueRow{Name: q.Name, Depth: s.number(c, q.Depth), Oldest: s.duration(c, q.Oldest)})
	}
	for _, p := range o.Stopped {
		view.Stopped = append(view.Stopped, pages.StoppedRow{
			Prefix: p.Prefix, Range: operator.MaskedRange(p.Prefix), Flag: p.Country,
			Text: s.T(c, "overview.stopped_counts", "Country", locale.Country(s.Lang(c), p.Country), "Sent", s.number(c, p.Sent),
				"Verified", s.number(c, p.Verified), "Of", s.number(c, p.Challenges)),
		})
	}
	return view, nil
}

// overviewProviders are the breakers and the accounts, and what of them needs somebody now.
func (s *Screens) overviewProviders(c echo.Context, view *pages.OverviewView, o operator.Overview) {
	for _, p := range o.Providers {
		row := pages.ProviderRow{Name: s.providerName(c, p.Name),
			State: pages.Condition{Tone: pages.ToneOK, Text: s.words(c, "overview.healthy")}, BalanceAt: p.BalanceAt}
		switch {
		case !p.OpenSince.IsZero():
			row.State = pages.Condition{Tone: pages.ToneBad, Text: s.sentence(c, operator.BreakerSentence(p))}
			view.Warnings = append(view.Warnings, pages.Warning{Bad: true, Text: row.State.Text})
		case p.Failures > 0:
			row.State = pages.Condition{Tone: pages.ToneWarn,
				Text: s.sentence(c, operator.Sentence{Key: "overview.failing", Args: []any{"N", p.Failures}})}
		}
		if !p.BalanceAt.IsZero() {
			row.Balance, row.Low = s.money(c, p.Balance), p.Balance < s.balanceWarn
			if row.Low {
				view.Warnings = append(view.Warnings,
					pages.Warning{Text: s.sentence(c, operator.Sentence{Key: "overview.low_balance", Args: []any{
						"Provider", operator.Name(p.Name), "Balance", row.Balance, "Least", s.money(c, s.balanceWarn),
					}})})
			}
		}
		view.Providers = append(view.Providers, row)
	}
	if o.Spending.Near {
		view.Warnings = append(view.Warnings,
			pages.Warning{Text: s.sentence(c, operator.Sentence{Key: "overview.near_cap", Args: []any{
				"Spent", s.money(c, o.Spending.Spent), "Cap", s.moneyText(c, o.Spending.Cap),
			}})})
	}
	for _, office := range o.NearCap {
		view.Warnings = append(view.Warnings,
			pages.Warning{Text: s.sentence(c, operator.Sentence{Key: "overview.office_near_cap", Args: []any{
				"Office", office.Name, "Code", office.Code, "Spent", s.money(c, office.Cost), "Cap", s.moneyText(c, office.Cap),
			}})})
	}
}

// overviewProxies says when visitors' addresses are not what they should be.
func (s *Screens) overviewProxies(c echo.Context, view *pages.OverviewView, o operator.Overview) {
	if s.unproxied {
		view.Warnings = append(view.Warnings, pages.Warning{Text: s.words(c, "overview.proxy_missing")})
	}
	for _, told := range o.Proxies {
		view.Warnings = append(view.Warnings, pages.Warning{Text: s.sentence(c, operator.Sentence{
			Key: "overview.proxy_" + string(told.Finding), Args: []any{"At", told.LastAt},
		})})
	}
}

// overviewMail says what keeps mails from going out.
func (s *Screens) overviewMail(c echo.Context, view *pages.OverviewView, o operator.Overview) {
	for _, m := range o.Mail {
		why := s.MailFault(c, m.Fault, m.Code)
		view.Warnings = append(view.Warnings, pages.Warning{Bad: true, Text: s.sentence(c, operator.Sentence{
			Key: "overview.mail", Args: []any{"At", m.At, "Why", why, "N", s.number(c, m.Mails)},
		})})
	}
}

// words is a sentence without moments.
func (s *Screens) words(c echo.Context, id string) templates.Sentence {
	return templates.Sentence{{Text: locale.T(s.Lang(c), id)}}
}

// ReleasePrefix lets a stopped range of numbers go.
func (s *Screens) ReleasePrefix(c echo.Context) error {
	err := s.operator.ReleasePrefix(c.Request().Context(), s.by(c), c.FormValue("prefix"))
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrBadRequest
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.Operator, "prefix_released")
}
