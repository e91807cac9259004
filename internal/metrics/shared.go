package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// scrapeTimeout bounds the queries of a scrape, which must not slow the database down.
const scrapeTimeout = time.Second

// shared collects what all processes share. Every process reports the same values: alerts take the max over them.
type shared struct {
	pool      *db.Pool
	q         *dbsqlc.Queries
	providers []string
	logger    *slog.Logger
	failing   atomic.Bool // so that the log says it once
}

func newShared(pool *db.Pool, providers []string, logger *slog.Logger) *shared {
	return &shared{pool: pool, q: dbsqlc.New(), providers: providers, logger: logger}
}

// Collect sends everything, or scrape_ok 0 alone: half of it would look like a quiet night.
func (s *shared) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	var metrics []prometheus.Metric
	emit := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics = append(metrics, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	err := s.collect(ctx, emit)
	if err != nil {
		metrics = nil
		emit(scrapeOK, 0)
	} else {
		emit(scrapeOK, 1)
	}
	if was := s.failing.Swap(err != nil); err != nil && !was {
		s.logger.Warn("a scrape of the metrics got no answer from the database", "error", err)
	}
	for _, m := range metrics {
		out <- m
	}
}

func (s *shared) collect(ctx context.Context, emit func(*prometheus.Desc, float64, ...string)) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// A statement that the server ends leaves its connection usable; one that ctx ends closes it.
		if _, err := tx.Exec(ctx, "set local statement_timeout = '800ms'"); err != nil {
			return fmt.Errorf("bound a scrape: %w", err)
		}
		for _, part := range []func(context.Context, pgx.Tx, func(*prometheus.Desc, float64, ...string)) error{
			s.collectQueues, s.collectMessages, s.collectProviders, s.collectMoney,
		} {
			if err := part(ctx, tx, emit); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shared) collectQueues(ctx context.Context, tx pgx.Tx, emit func(*prometheus.Desc, float64, ...string)) error {
	queues, err := s.q.MetricsQueues(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the jobs: %w", err)
	}
	ages, err := s.q.MetricsQueueAges(ctx, tx)
	if err != nil {
		return fmt.Errorf("age the jobs: %w", err)
	}
	working, err := s.q.MetricsWorking(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for workers: %w", err)
	}
	jobs := map[[2]string]float64{}
	oldest := map[string]float64{}
	// The queues that matter are reported when they are empty, too.
	for _, queue := range queueNames {
		oldest[queue] = 0
		for _, state := range []string{"available", "retryable", "running", "scheduled"} {
			jobs[[2]string{queue, state}] = 0
		}
	}
	for _, r := range queues {
		jobs[[2]string{r.Queue, r.State}] = float64(r.Jobs)
	}
	for _, r := range ages {
		oldest[r.Queue] = r.Seconds
	}
	for k, n := range jobs {
		emit(queueJobs, n, k[0], k[1])
	}
	for queue, age := range oldest {
		emit(queueOldest, age, queue)
	}
	emit(workers, one(working))
	return nil
}

// queueNames are the queues of jobs/register.go.
var queueNames = []string{"sms_login", "sms_other", "mail", "forgotten", "log_out", "upkeep"}

func (s *shared) collectMessages(ctx context.Context, tx pgx.Tx, emit func(*prometheus.Desc, float64,
	...string)) error {
	outcomes, err := s.q.MetricsChallenges(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the challenges: %w", err)
	}
	counts := map[string]float64{"live": 0, "verified": 0, "expired": 0, "replaced": 0, "exhausted": 0, "abandoned": 0}
	for _, r := range outcomes {
		counts[r.Outcome] = float64(r.Challenges)
	}
	for outcome, n := range counts {
		emit(challenges, n, outcome)
	}
	states, err := s.q.MetricsMessages(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the messages: %w", err)
	}
	texts := map[[2]string]float64{}
	for _, state := range []string{"queued", "calling", "retrying", "unsure", "accepted", "delivered", "failed"} {
		texts[[2]string{"sms", state}] = 0
	}
	for _, r := range states {
		texts[[2]string{r.Channel, r.State}] = float64(r.Messages)
	}
	for k, n := range texts {
		emit(messages, n, k[0], k[1])
	}
	return nil
}

func (s *shared) collectProviders(ctx context.Context, tx pgx.Tx, emit func(*prometheus.Desc, float64,
	...string)) error {
	rows, err := s.q.MetricsProviders(ctx, tx)
	if err != nil {
		return fmt.Errorf("read the providers: %w", err)
	}
	byName := map[string]dbsqlc.MetricsProvidersRow{}
	for _, r := range rows {
		byName[r.Name] = r
	}
	// Configured ones alone: one that was taken out of the configuration must neither alarm nor pass for a way out.
	for _, name := range s.providers {
		r, known := byName[name]
		emit(breakerOpen, one(r.Open), name, r.OpenClass)
		if known && !math.IsNaN(r.Balance) {
			emit(balance, r.Balance, name)
		}
	}
	return nil
}

func (s *shared) collectMoney(ctx context.Context, tx pgx.Tx, emit func(*prometheus.Desc, float64, ...string)) error {
	stopped, err := s.q.MetricsPrefixes(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the stopped prefixes: %w", err)
	}
	money, err := s.q.MetricsSpend(ctx, tx)
	if err != nil {
		return fmt.Errorf("add up this month's costs: %w", err)
	}
	emit(prefixesStopped, float64(stopped))
	clocks, err := s.q.AppClocks(ctx, tx)
	if err != nil {
		return fmt.Errorf("compare the clocks of apps: %w", err)
	}
	emit(clockDrift, clocks.MedianSeconds)
	letIn, err := s.q.MetricsLetIn(ctx, tx)
	if err != nil {
		return fmt.Errorf("count who is let in for a while: %w", err)
	}
	emit(helpWaiting, float64(letIn.Asking))
	emit(dayPasses, float64(letIn.Passes))
	emit(exemptions, float64(letIn.Exempt))
	emit(spent, money.Spent)
	if !math.IsNaN(money.Cap) {
		emit(spendCap, money.Cap)
	}
	emit(officesNearCap, float64(money.OfficesNearCap))
	return nil
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
