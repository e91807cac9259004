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

// Reseal seals again, under the current key, what an older master key sealed.
type Reseal struct{}

// Kind returns the job's name in River's table.
func (Reseal) Kind() string { return "reseal" }

// InsertOpts allows one job at a time, and the next as soon as it has ended.
func (Reseal) InsertOpts() river.InsertOpts {
	unfinished := []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable,
		rivertype.JobStateScheduled,
	}
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByState: unfinished},
	}
}

const (
	// resealEvery bounds how long a value that a late node sealed stays under an older key.
	resealEvery = time.Hour
	// resealTurn is how long one run works before other jobs have their turn; it continues a second later. It is well
	// under JobTimeout.
	resealTurn = 5 * time.Second
	// resealAfter gives every node time to learn which key seals now.
	resealAfter = 15 * time.Second
)

// Reseal enqueues the job for the time when every node seals with the new key.
func (o *Outbox) Reseal(ctx context.Context, tx pgx.Tx) error {
	opts := &river.InsertOpts{ScheduledAt: time.Now().Add(resealAfter)}
	if _, err := o.client.InsertTx(ctx, tx, Reseal{}, opts); err != nil {
		return fmt.Errorf("enqueue resealing: %w", err)
	}
	return nil
}

func resealPeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(resealEvery),
		func() (river.JobArgs, *river.InsertOpts) { return Reseal{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

// Resealer keeps sealed values for longer than a log-in. Reseal seals a batch of rows after an id again and returns the
// id to continue after, 0 at the end.
type Resealer interface {
	Reseal(ctx context.Context, after int64) (next int64, err error)
}

type resealWorker struct {
	river.WorkerDefaults[Reseal]
	sealed []Resealer
}

// Work goes through all of it. What is done stays done: a run that is cut off starts over and finds less.
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
