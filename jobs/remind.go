package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/rollout"
)

// Remind mails reminders of dates from which two factors are demanded.
type Remind struct{}

// Kind returns the job's name in River's table.
func (Remind) Kind() string { return "remind" }

// InsertOpts allows one job in each period.
func (Remind) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: remindEvery},
	}
}

const remindEvery = 15 * time.Minute

func remindPeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(remindEvery),
		func() (river.JobArgs, *river.InsertOpts) { return Remind{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

type remindWorker struct {
	river.WorkerDefaults[Remind]
	rollouts *rollout.Service
}

// Timeout is longer than other jobs': an office of thousands is mailed in one transaction.
func (w *remindWorker) Timeout(*river.Job[Remind]) time.Duration { return 45 * time.Second }

func (w *remindWorker) Work(ctx context.Context, _ *river.Job[Remind]) error {
	return w.rollouts.SendReminders(ctx)
}
