package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/nightlatch/nightlatch/internal/keys"
)

// Reseal seals anew what an older master key sealed.
type Reseal struct{}

// Kind is the act, in River's table.
func (Reseal) Kind() string { return "reseal" }

// InsertOpts: one at a time, and another as soon as the last is over.
func (Reseal) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

const (
	// resealEvery bounds how long something stays under an older key: a node that was a moment late.
	resealEvery = time.Hour
	// resealTurn is how long one run works before it lets others have their turn; it goes on a second later.
	// Well under JobTimeout.
	resealTurn = 5 * time.Second
	// resealAfter lets every node learn first which key seals now.
	resealAfter = 15 * time.Second
)

// Reseal enqueues the job, for when every node seals with the new key.
func (o *Outbox) Reseal(ctx context.Context, tx pgx.Tx) error {
	if _, err := o.client.InsertTx(ctx, tx, Reseal{}, &river.InsertOpts{ScheduledAt: time.Now().Add(resealAfter)}); err != nil {
		return fmt.Errorf("enqueue sealing anew: %w", err)
	}
	return nil
}

func resealPeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(resealEvery),
		func() (river.JobArgs, *river.InsertOpts) { return Reseal{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

// resealer is whatever keeps sealed values for longer than a log-in: it seals a batch anew, of rows after an
// id, and answers where to go on, 0 at the end.
type resealer interface {
	Reseal(ctx context.Context, after int64) (next int64, err error)
}

type resealWorker struct {
	river.WorkerDefaults[Reseal]
	sealed []resealer
}

// Work goes through all of it. What is done stays done, so a run that is cut off begins again and finds less.
func (w *resealWorker) Work(ctx context.Context, _ *river.Job[Reseal]) error {
	began := time.Now()
	for _, r := range w.sealed {
		for after := int64(0); ; {
			next, err := r.Reseal(ctx, after)
			if errors.Is(err, keys.ErrOpen) {
				// Trying again would not help: nightlatch doctor says which key is missing.
				slog.WarnContext(ctx, "sealed with a key that this process has not", "error", err)
			} else if err != nil {
				return err
			}
			if next == 0 {
				break
			}
			if after = next; time.Since(began) > resealTurn {
				return river.JobSnooze(time.Second)
			}
		}
	}
	return nil
}
