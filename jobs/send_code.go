package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/message"
)

// SendCode sends one message of a challenge. It holds ids only, since River's tables and pages show arguments.
type SendCode struct {
	ChallengeID int64 `json:"challenge_id"`
	SendNo      int   `json:"send_no"`
	// Again is how many sends the message had when it was queued once more for the next provider; else 0.
	Again int `json:"again,omitempty"`
}

// Kind returns the job's name in River's table.
func (SendCode) Kind() string { return "send_code" }

// InsertOpts allows one job for each message; the life of the code bounds the tries. The Outbox chooses the queue.
func (SendCode) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 100, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type sendCodeWorker struct {
	river.WorkerDefaults[SendCode]
	messages *message.Service
}

func (w *sendCodeWorker) Work(ctx context.Context, job *river.Job[SendCode]) error {
	err := w.messages.Deliver(ctx, job.Args.ChallengeID, job.Args.SendNo)
	var cancelled *message.Cancelled
	var later *message.Later
	switch {
	case errors.As(err, &cancelled):
		return river.JobCancel(cancelled)
	case errors.As(err, &later):
		return river.JobSnooze(later.After)
	}
	return err
}

// Timeout is more than the provider's 8 s, and less than what counts as stuck.
func (w *sendCodeWorker) Timeout(*river.Job[SendCode]) time.Duration { return 15 * time.Second }

// NextRetry waits 1, 2, 3, 5, 5 … s: up to 5 s River needs no leader to make the job available again.
func (w *sendCodeWorker) NextRetry(job *river.Job[SendCode]) time.Time {
	return retryAt(job, 1, 2, 3, 5)
}
