package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/issuer"
)

// RotateSigningKeys makes the keys that the OpenID Connect provider signs with next, and deletes what is over.
type RotateSigningKeys struct{}

// Kind returns the job's name in River's table.
func (RotateSigningKeys) Kind() string { return "rotate_signing_keys" }

// InsertOpts allows one job in each period.
func (RotateSigningKeys) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: rotateEvery},
	}
}

const rotateEvery = time.Hour

func rotatePeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(rotateEvery),
		func() (river.JobArgs, *river.InsertOpts) { return RotateSigningKeys{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true})
}

type rotateSigningKeysWorker struct {
	river.WorkerDefaults[RotateSigningKeys]
	provider    *issuer.Service
	backchannel *issuer.Backchannel
}

func (w *rotateSigningKeysWorker) Work(ctx context.Context, _ *river.Job[RotateSigningKeys]) error {
	return errors.Join(w.provider.Upkeep(ctx), w.backchannel.Upkeep(ctx))
}
