package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/operator"
)

// Retain deletes what is older than the retention period.
type Retain struct{}

// Kind returns the job's name in River's table.
func (Retain) Kind() string { return "retain" }

// InsertOpts allows one job in each period.
func (Retain) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: retainEvery},
	}
}

const retainEvery = time.Hour

type retainWorker struct {
	river.WorkerDefaults[Retain]
	operators *operator.Service
	days      int
}

func retainPeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(retainEvery),
		func() (river.JobArgs, *river.InsertOpts) { return Retain{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

func (w *retainWorker) Work(ctx context.Context, _ *river.Job[Retain]) error {
	_, err := w.operators.Retain(ctx, w.days)
	return err
}
