package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/rollout"
)

// KeepEvidence keeps what an office can prove later and nobody could find out any more.
type KeepEvidence struct{}

// Kind returns the job's name in River's table.
func (KeepEvidence) Kind() string { return "keep_evidence" }

// InsertOpts allows one job in each period.
func (KeepEvidence) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: keepEvidenceEvery},
	}
}

// keepEvidenceEvery is how long before midnight a day was looked at last, at most.
const keepEvidenceEvery = time.Hour

func keepEvidencePeriodically() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(keepEvidenceEvery),
		func() (river.JobArgs, *river.InsertOpts) { return KeepEvidence{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}

// Evidence is what KeepEvidence works with.
type Evidence struct {
	Rollouts *rollout.Service
	Zone     *time.Location // of offices that chose none
	Signer   *audit.Signer
}

type keepEvidenceWorker struct {
	river.WorkerDefaults[KeepEvidence]
	evidence Evidence
}

func (w *keepEvidenceWorker) Work(ctx context.Context, _ *river.Job[KeepEvidence]) error {
	return errors.Join(w.evidence.Rollouts.KeepCoverage(ctx, w.evidence.Zone), w.evidence.Signer.Sign(ctx))
}
