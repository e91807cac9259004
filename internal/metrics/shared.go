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

// scrapeTimeout bounds what a scrape may ask of the database: a scrape must not be what makes it slow.
const scrapeTimeout = time.Second

// shared is what all processes share. Every process tells the same: alerts take the max over them.
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

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

var (
	scrapeOK        = describe("scrape_ok", "1 when the database answered this scrape within a second; 0: what it tells is missing.")
	queueJobs       = describe("queue_jobs", "Jobs that wait or run.", "queue", "state")
	queueOldest     = describe("queue_oldest_seconds", "How long the oldest due job has been waiting.", "queue")
	workers         = describe("workers_alive", "1 while any process works jobs.")
	challenges      = describe("challenges_last_hour", "Challenges made in the last hour, by how they ended.", "outcome")
	messages        = describe("messages_last_hour", "Messages queued in the last hour, by where they stand.", "channel", "state")
	breakerOpen     = describe("breaker_open", "1 while a provider's breaker is open; class is what opened it.", "provider", "class")
	balance         = describe("provider_balance", "What is left of a prepaid account, in its currency, as last told.", "provider")
	prefixesStopped = describe("prefixes_stopped", "Ranges of numbers stopped because few of their codes are entered.")
	spent           = describe("spend_this_month", "Paid for messages this month, in the provider's currency.")
	spendCap        = describe("spend_cap", "The most the installation may pay a month; absent without a cap.")
	officesNearCap  = describe("offices_near_cap", "Offices that have spent 80 % or more of their own cap this month.")
)

// Describe names everything that Collect may tell.
func (s *shared) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		scrapeOK, queueJobs, queueOldest, workers, challenges, messages, breakerOpen, balance, prefixesStopped, spent, spendCap, officesNearCap,
	} {
		out <- d
	}
}

// Collect tells everything, or scrape_ok 0 alone: half an answer would look like a quiet night.
func (s *shared) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	var told []prometheus.Metric
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		told = append(told, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	err := s.ask(ctx, tell)
	if err != nil {
		told = nil
		tell(scrapeOK, 0)
	} else {
		tell(scrapeOK, 1)
	}
	if was := s.failing.Swap(err != nil); err != nil && !was {
		s.logger.Warn("a scrape of the metrics got no answer from the database", "error", err)
	}
	for _, m := range told {
		out <- m
	}
}

func (s *shared) ask(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Ended by the server, a statement leaves its connection whole; ended by ctx, it takes the connection with it.
		if _, err := tx.Exec(ctx, "set local statement_timeout = '800ms'"); err != nil {
			return fmt.Errorf("bound a scrape: %w", err)
		}
		for _, part := range []func(context.Context, pgx.Tx, func(*prometheus.Desc, float64, ...string)) error{
			s.askQueues, s.askMessages, s.askProviders, s.askMoney,
		} {
			if err := part(ctx, tx, tell); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shared) askQueues(ctx context.Context, tx pgx.Tx, tell func(*prometheus.Desc, float64, ...string)) error {
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
	// The queues that matter are told when they are empty, too.
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
		tell(queueJobs, n, k[0], k[1])
	}
	for queue, age := range oldest {
		tell(queueOldest, age, queue)
	}
	tell(workers, one(working))
	return nil
}

// queueNames are the queues of jobs/register.go.
var queueNames = []string{"sms_login", "sms_other", "mail", "upkeep"}

func (s *shared) askMessages(ctx context.Context, tx pgx.Tx, tell func(*prometheus.Desc, float64, ...string)) error {
	outcomes, err := s.q.MetricsChallenges(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the challenges: %w", err)
	}
	counts := map[string]float64{"live": 0, "verified": 0, "expired": 0, "replaced": 0, "exhausted": 0, "abandoned": 0}
	for _, r := range outcomes {
		counts[r.Outcome] = float64(r.Challenges)
	}
	for outcome, n := range counts {
		tell(challenges, n, outcome)
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
		tell(messages, n, k[0], k[1])
	}
	return nil
}

func (s *shared) askProviders(ctx context.Context, tx pgx.Tx, tell func(*prometheus.Desc, float64, ...string)) error {
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
		tell(breakerOpen, one(r.Open), name, r.OpenClass)
		if known && !math.IsNaN(r.Balance) {
			tell(balance, r.Balance, name)
		}
	}
	return nil
}

func (s *shared) askMoney(ctx context.Context, tx pgx.Tx, tell func(*prometheus.Desc, float64, ...string)) error {
	stopped, err := s.q.MetricsPrefixes(ctx, tx)
	if err != nil {
		return fmt.Errorf("count the stopped prefixes: %w", err)
	}
	money, err := s.q.MetricsSpend(ctx, tx)
	if err != nil {
		return fmt.Errorf("add up this month's costs: %w", err)
	}
	tell(prefixesStopped, float64(stopped))
	tell(spent, money.Spent)
	if !math.IsNaN(money.Cap) {
		tell(spendCap, money.Cap)
	}
	tell(officesNearCap, float64(money.OfficesNearCap))
	return nil
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
