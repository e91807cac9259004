package jobs

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// The queues. A backlog in one never delays another.
const (
	QueueLogin = "sms_login" // somebody waits at the log-in
	QueueOther = "sms_other" // codes asked for in settings
	QueueMail  = "mail"
	// QueueForgotten is what strangers fill: no mail waits behind it.
	QueueForgotten = "forgotten"
	// QueueLogOut waits for applications, which may be slow, or away.
	QueueLogOut = "log_out"
	QueueUpkeep = "upkeep"
)

// fetchCooldown is how soon a notification may follow another. The limit is the client's, of the one that enqueues and
// of the one that works alike: with 1 ms in both a code leaves some milliseconds after its log-in.
const fetchCooldown = time.Millisecond

// NewInserter returns a client that enqueues jobs and works none.
func NewInserter(pool *pgxpool.Pool, logger *slog.Logger) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: logger, FetchCooldown: fetchCooldown})
}

// Register returns the workers of all jobs.
func Register(
	messages *message.Service, codes *twofactor.Service, operators *operator.Service, retainDays int,
	mails *mail.Service, accounts *account.Service, offices *office.Service, replays *replay.Store, sealed []Resealer,
	provider *issuer.Service, backchannel *issuer.Backchannel, evidence Evidence,
	rollouts *rollout.Service,
) *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, &sendCodeWorker{messages: messages})
	river.AddWorker(workers, &upkeepWorker{
		codes: codes, mails: mails, accounts: accounts, offices: offices, replays: replays, messages: messages,
	})
	river.AddWorker(workers, &retainWorker{operators: operators, days: retainDays})
	river.AddWorker(workers, &keepEvidenceWorker{evidence: evidence})
	river.AddWorker(workers, &remindWorker{rollouts: rollouts})
	river.AddWorker(workers, &resealWorker{sealed: sealed})
	river.AddWorker(workers, &sendMailWorker{mails: mails})
	river.AddWorker(workers, &answerForgottenWorker{accounts: accounts})
	river.AddWorker(workers, &rotateSigningKeysWorker{provider: provider, backchannel: backchannel})
	river.AddWorker(workers, &tellLogOutWorker{backchannel: backchannel})
	return workers
}

// NewWorker returns the client that works every queue; docs/design.md says why its numbers differ from River's
// defaults. With pollOnly it polls for new jobs every FetchPollInterval and never listens, for a connection pooler in
// transaction mode.
func NewWorker(
	pool *pgxpool.Pool, logger *slog.Logger, workers *river.Workers, pollOnly bool,
) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger:   logger,
		Workers:  workers,
		PollOnly: pollOnly,
		Queues: map[string]river.QueueConfig{
			// Only what somebody stands and waits for is polled five times a second, should a notification be lost.
			QueueLogin:     {MaxWorkers: 25},
			QueueOther:     {MaxWorkers: 5, FetchPollInterval: time.Second},
			QueueMail:      {MaxWorkers: 5, FetchPollInterval: 2 * time.Second},
			QueueForgotten: {MaxWorkers: 2, FetchPollInterval: 2 * time.Second},
			QueueLogOut:    {MaxWorkers: 10, FetchPollInterval: time.Second},
			QueueUpkeep:    {MaxWorkers: 1, FetchPollInterval: 5 * time.Second},
		},
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(upkeepEvery),
			func() (river.JobArgs, *river.InsertOpts) { return Upkeep{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		), retainPeriodically(), keepEvidencePeriodically(), remindPeriodically(), resealPeriodically(),
			rotatePeriodically()},
		FetchCooldown:     fetchCooldown,
		FetchPollInterval: 200 * time.Millisecond,
		JobTimeout:        15 * time.Second,
		// What a dead worker had under way, but for codes, which its heart brings sooner. More than JobTimeout.
		RescueStuckJobsAfter:        60 * time.Second,
		CompletedJobRetentionPeriod: 24 * time.Hour,
		CancelledJobRetentionPeriod: 24 * time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
}
