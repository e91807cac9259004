package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/proxy"
)

// Period is how far an overview looks back. Its steps are the bars of its plot; it ends with the step
// that is under way, so that numbers and bars agree.
type Period struct {
	Name  string // hour, day, month
	Step  time.Duration
	Steps int
	life  time.Duration // how old its numbers may be
}

// The periods: two minutes, an hour and a day a bar.
var (
	hour  = Period{"hour", 2 * time.Minute, 30, 0}
	day   = Period{"day", time.Hour, 24, 15 * time.Second}
	month = Period{"month", 24 * time.Hour, 30, time.Minute}
)

// PeriodOf is the period with this name; the hour for any other.
func PeriodOf(name string) Period {
	switch name {
	case day.Name:
		return day
	case month.Name:
		return month
	}
	return hour
}

// States counts messages by where they stand.
type States struct {
	Waiting   int // queued, being handed over, to be tried again
	Unsure    int // the provider did not answer
	Accepted  int // taken by the provider
	Delivered int
	Failed    int
}

// Total is all of them.
func (s States) Total() int { return s.Waiting + s.Unsure + s.Accepted + s.Delivered + s.Failed }

// Delivery is what became of some messages. Times are seconds from queueing; under 0 there were none.
type Delivery struct {
	Provider string // "" for messages without a send yet, or where it does not group
	Country  string // ISO code
	States   States
	Sent     int // accepted by a provider
	Verified int // challenges whose code was entered

	AcceptedP50, AcceptedP95   float64
	DeliveredP50, DeliveredP95 float64
}

// Bar is one step of the plot.
type Bar struct {
	At     time.Time // its beginning
	States States
}

// Queue is a queue of jobs that are not finished.
type Queue struct {
	Name   string
	Depth  int
	Oldest time.Duration // since it was enqueued
}

// Provider is what all processes know about a provider.
type Provider struct {
	Name      string
	OpenSince time.Time // the breaker is open; zero when it is closed
	Class     string    // why it opened: a class of outcomes
	Status    string    // and the provider's status
	Reason    string    // and what that means, "" for nothing
	ProbeAt   time.Time
	Failures  int
	Balance   float64
	BalanceAt time.Time // zero when the balance is unknown
}

// Prefix is a range of numbers that gets no messages for now.
type Prefix struct {
	Prefix     string
	Country    string
	Sent       int
	Challenges int
	Verified   int
}

// Fared is how messages fared in a period.
type Fared struct {
	Now        time.Time // until when
	All        Delivery
	ByProvider []Delivery
	ByCountry  []Delivery
	ByBoth     []Delivery
	Bars       []Bar
}

// faring is the question for it. Steps are counted from origin.
type faring struct {
	period Period
	origin time.Time
}

// Overview is an installation at a moment.
type Overview struct {
	Fared
	Period    Period
	Queues    []Queue
	Providers []Provider
	Stopped   []Prefix
	Proxies   []proxy.Told // what is wrong with the proxies in front
	Mail      []MailTrouble
	Spending  Spending
	NearCap   []Office // offices that have nearly spent their own caps
	Clocks    Clocks
}

// Clocks is by how much the clocks of the apps are off whose codes came in the last day.
type Clocks struct {
	Apps, Off int // off by more than half a minute
	Median    time.Duration
	Ours      bool // nearly all are off by the same: it is this server's clock
}

// Overview returns how messages fared in a period. Hours and days begin when they do in zone, at its present distance
// from UTC: a change of the clocks within a month moves the days before it by an hour. How messages fared in a day or a
// month is kept for a while.
func (s *Service) Overview(ctx context.Context, period Period, zone *time.Location) (o Overview, err error) {
	_, ahead := time.Now().In(zone).Zone()
	asked := faring{period, time.Date(2000, 1, 3, 0, 0, -ahead, 0, time.UTC)}
	ask := func(ctx context.Context) (Fared, error) { return s.fared(ctx, asked) }
	o.Period = period
	if period.life == 0 {
		o.Fared, err = ask(ctx)
	} else {
		o.Fared, err = s.overviews.get(ctx, asked, period.life, ask)
	}
	if err != nil {
		return o, err
	}
	for _, part := range []func(context.Context, *Overview) error{
		s.queues, s.providers, s.stopped, s.spending, s.proxies, s.mail, s.clocks,
	} {
		if err := part(ctx, &o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (s *Service) fared(ctx context.Context, asked faring) (Fared, error) {
	clock, err := s.q.OperatorClock(ctx, s.pool, dbsqlc.OperatorClockParams{
		Step: asked.period.Step, Origin: asked.origin,
	})
	if err != nil {
		return Fared{}, fmt.Errorf("ask the time: %w", err)
	}
	f := Fared{Now: clock.Now}
	since := clock.StepBegan.Add(-time.Duration(asked.period.Steps-1) * asked.period.Step)
	if err := s.deliveries(ctx, &f, since); err != nil {
		return f, err
	}
	return f, s.bars(ctx, &f, asked, since)
}

func (s *Service) deliveries(ctx context.Context, o *Fared, since time.Time) error {
	rows, err := s.q.OperatorDelivery(ctx, s.pool, since)
	if err != nil {
		return fmt.Errorf("count messages: %w", err)
	}
	o.All = Delivery{AcceptedP50: -1, AcceptedP95: -1, DeliveredP50: -1, DeliveredP95: -1}
	for _, r := range rows {
		d := Delivery{
			Provider: r.Provider, Country: r.Country,
			States: States{int(r.Waiting), int(r.Unsure), int(r.Accepted), int(r.Delivered), int(r.Failed)},
			Sent:   int(r.Sent), Verified: int(r.Verified),
			AcceptedP50: r.AcceptedP50, AcceptedP95: r.AcceptedP95, DeliveredP50: r.DeliveredP50, DeliveredP95: r.DeliveredP95,
		}
		switch {
		case r.ByProvider && r.ByCountry:
			o.ByBoth = append(o.ByBoth, d)
		case r.ByProvider:
			o.ByProvider = append(o.ByProvider, d)
		case r.ByCountry:
			o.ByCountry = append(o.ByCountry, d)
		default:
			o.All = d
		}
	}
	return nil
}

// bars has every step of the period, the empty ones too.
func (s *Service) bars(ctx context.Context, o *Fared, asked faring, since time.Time) error {
	rows, err := s.q.OperatorSeries(ctx, s.pool, dbsqlc.OperatorSeriesParams{
		Step: asked.period.Step, Origin: asked.origin, Since: since,
	})
	if err != nil {
		return fmt.Errorf("count messages over time: %w", err)
	}
	o.Bars = make([]Bar, asked.period.Steps)
	for i := range o.Bars {
		o.Bars[i].At = since.Add(time.Duration(i) * asked.period.Step)
	}
	for _, r := range rows {
		if i := int(r.At.Sub(since) / asked.period.Step); i >= 0 && i < len(o.Bars) {
			o.Bars[i].States = States{int(r.Waiting), int(r.Unsure), int(r.Accepted), int(r.Delivered), int(r.Failed)}
		}
	}
	return nil
}

// queues reads River's table, which its index by state and queue serves.
func (s *Service) queues(ctx context.Context, o *Overview) error {
	rows, err := s.pool.Query(ctx, `select queue, count(*)::int, extract(epoch from now() - min(created_at))::float8
		from river_job where state in ('available', 'retryable', 'running', 'scheduled') group by queue order by queue`)
	if err != nil {
		return fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var q Queue
		var age float64
		if err := rows.Scan(&q.Name, &q.Depth, &age); err != nil {
			return fmt.Errorf("count jobs: %w", err)
		}
		q.Oldest = time.Duration(max(0, age) * float64(time.Second))
		o.Queues = append(o.Queues, q)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count jobs: %w", err)
	}
	return nil
}

func (s *Service) providers(ctx context.Context, o *Overview) (err error) {
	o.Providers, err = s.readProviders(ctx)
	return err
}

func (s *Service) readProviders(ctx context.Context) ([]Provider, error) {
	rows, err := s.q.OperatorProviders(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	providers := make([]Provider, len(rows))
	for i, r := range rows {
		providers[i] = Provider{
			Name: r.Name, OpenSince: at(r.OpenSince), Class: r.OpenClass, Status: r.OpenStatus, Reason: r.OpenReason,
			ProbeAt:  at(r.ProbeAt),
			Failures: int(r.Failures), Balance: r.Balance, BalanceAt: at(r.BalanceAt),
		}
	}
	return providers, nil
}

func (s *Service) stopped(ctx context.Context, o *Overview) error {
	rows, err := s.q.OperatorStoppedPrefixes(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("list stopped prefixes: %w", err)
	}
	for _, r := range rows {
		o.Stopped = append(o.Stopped, Prefix{r.Prefix, r.Country, int(r.Sent), int(r.Challenges), int(r.Verified)})
	}
	return nil
}

func (s *Service) spending(ctx context.Context, o *Overview) (err error) {
	if o.Spending, err = s.Spending(ctx); err != nil {
		return err
	}
	rows, err := s.q.OfficesNearCap(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("list offices near their cap: %w", err)
	}
	for _, r := range rows {
		o.NearCap = append(o.NearCap, Office{ID: r.ID, Code: r.Code, Name: r.Name, Cost: r.Cost, Cap: r.Cap})
	}
	return nil
}

// at is a time that may be missing.
func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (s *Service) proxies(ctx context.Context, o *Overview) (err error) {
	o.Proxies, err = proxy.Recent(ctx, s.pool)
	return err
}

// MailTrouble is one thing that keeps mails from going out.
type MailTrouble struct {
	Fault mail.Fault
	Code  int // of the mail server's answer, or 0
	Mails int
	At    time.Time // of the last
}

func (s *Service) clocks(ctx context.Context, o *Overview) error {
	r, err := s.q.AppClocks(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("compare the clocks of apps: %w", err)
	}
	o.Clocks = Clocks{int(r.Apps), int(r.Off), time.Duration(r.MedianSeconds * float64(time.Second)), r.Ours}
	return nil
}

func (s *Service) mail(ctx context.Context, o *Overview) error {
	rows, err := s.q.MailTroubles(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("ask what keeps mails: %w", err)
	}
	for _, r := range rows {
		o.Mail = append(o.Mail, MailTrouble{mail.Fault(r.Fault), int(r.Code), int(r.Mails), r.LastAt})
	}
	return nil
}
