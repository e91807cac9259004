package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/account"
)

// AnswerForgotten looks up the user who forgot a password and has the link sent. It does not run in the request, which
// must take the same time for a name that nobody has.
type AnswerForgotten struct {
	ForgottenID int64 `json:"forgotten_id"`
}

// Kind returns the job's name in River's table.
func (AnswerForgotten) Kind() string { return "answer_forgotten" }

// InsertOpts allows a few tries: a user who gets no mail asks again.
func (AnswerForgotten) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueForgotten, MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

type answerForgottenWorker struct {
	river.WorkerDefaults[AnswerForgotten]
	accounts *account.Service
}

func (w *answerForgottenWorker) Work(ctx context.Context, job *river.Job[AnswerForgotten]) error {
	return w.accounts.AnswerForgotten(ctx, job.Args.ForgottenID, completes(job))
}
