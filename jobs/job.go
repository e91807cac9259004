package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// completes returns what ends a job in the transaction of its work: either both happen, or neither.
func completes[T river.JobArgs](job *river.Job[T]) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	}
}

// retryAt returns when a job that failed is tried again: after so many seconds, the last of them for ever.
func retryAt[T river.JobArgs](job *river.Job[T], seconds ...int) time.Time {
	return time.Now().Add(time.Duration(seconds[min(len(job.Errors), len(seconds)-1)]) * time.Second)
}
