package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/mail"
)

// SendMail sends one mail. It holds an id only, since River's tables and pages show arguments.
type SendMail struct {
	MailID int64 `json:"mail_id"`
}

// Kind returns the job's name in River's table.
func (SendMail) Kind() string { return "send_mail" }

// mailTries are ten, over 18 minutes: less than the 30 that a link lives.
const mailTries = 10

// InsertOpts allows one job for each mail, in a queue of its own.
func (SendMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMail, MaxAttempts: mailTries, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type sendMailWorker struct {
	river.WorkerDefaults[SendMail]
	mails *mail.Service
}

func (w *sendMailWorker) Work(ctx context.Context, job *river.Job[SendMail]) error {
	err := w.mails.Deliver(ctx, job.Args.MailID, job.Attempt >= job.MaxAttempts, completes(job))
	var failure *mail.Failure
	if errors.As(err, &failure) && failure.Permanent() {
		return river.JobCancel(failure)
	}
	return err
}

// Timeout is more than a whole mail's 30 s, and less than what counts as stuck.
func (w *sendMailWorker) Timeout(*river.Job[SendMail]) time.Duration { return 45 * time.Second }

// NextRetry waits longer each time: first for a mail server that restarts, then for one that is being repaired.
func (w *sendMailWorker) NextRetry(job *river.Job[SendMail]) time.Time {
	return retryAt(job, 2, 5, 15, 30, 60, 120, 240, 300)
}
