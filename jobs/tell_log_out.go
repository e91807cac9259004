package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/issuer"
)

// TellLogOut tells an application that a session ended in which it was let in.
type TellLogOut struct {
	VisitID int64 `json:"visit_id"`
}

// Kind returns the job's name in River's table.
func (TellLogOut) Kind() string { return "tell_log_out" }

// InsertOpts allows one job for each visit, in a queue of its own. How long it is tried says the database: more often
// than that it cannot be.
func (TellLogOut) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueLogOut, MaxAttempts: 50, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type tellLogOutWorker struct {
	river.WorkerDefaults[TellLogOut]
	backchannel *issuer.Backchannel
}

func (w *tellLogOutWorker) Work(ctx context.Context, job *river.Job[TellLogOut]) error {
	switch err := w.backchannel.Tell(ctx, job.Args.VisitID); {
	case errors.Is(err, issuer.ErrBusy):
		return river.JobSnooze(restFor)
	case errors.Is(err, issuer.ErrGivenUp):
		return river.JobCancel(err)
	default:
		return err
	}
}

// restFor is how long a job waits whose application is being asked for another, or does not answer.
const restFor = 5 * time.Second

// NextRetry waits longer each time.
func (w *tellLogOutWorker) NextRetry(job *river.Job[TellLogOut]) time.Time {
	return retryAt(job, 1, 5, 15, 30, 60, 120, 300)
}

// lookEvery is how soon after the end of a session its applications are told.
const lookEvery = time.Second

// StartLooking finds the sessions that ended, every second, until stop is called.
func StartLooking(ctx context.Context, backchannel *issuer.Backchannel, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() {
		every := time.NewTicker(lookEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				if err := backchannel.Look(ctx); err != nil && ctx.Err() == nil {
					logger.WarnContext(ctx, "sessions that ended are not seen", "error", err)
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		ended.Wait()
	}
}
