// Package jobs adapts River to the domain: one file a job, with its arguments and its worker; Outbox
// enqueues, and Register lists them all. Arguments hold ids and nothing else.
package jobs

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// Outbox enqueues jobs in the caller's transaction: a job exists exactly when what caused it does.
type Outbox struct{ client *river.Client[pgx.Tx] }

// NewOutbox returns an Outbox over a client, which need not work jobs itself.
func NewOutbox(client *river.Client[pgx.Tx]) *Outbox { return &Outbox{client} }

// SendCode enqueues a message of a challenge; an urgent one goes before all others.
func (o *Outbox) SendCode(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo int, urgent bool) error {
	return o.insert(ctx, tx, SendCode{ChallengeID: challengeID, SendNo: sendNo}, urgent)
}

// SendAgain enqueues a message once more after again sends of it, for the next provider.
func (o *Outbox) SendAgain(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo, again int, urgent bool) error {
	return o.insert(ctx, tx, SendCode{challengeID, sendNo, again}, urgent)
}

func (o *Outbox) insert(ctx context.Context, tx pgx.Tx, args SendCode, urgent bool) error {
	opts := &river.InsertOpts{Queue: QueueLogin}
	if !urgent {
		opts.Queue = QueueOther
	}
	if _, err := o.client.InsertTx(ctx, tx, args, opts); err != nil {
		return fmt.Errorf("enqueue message %d of challenge %d: %w", args.SendNo, args.ChallengeID, err)
	}
	return nil
}

// SendMail enqueues a mail; an urgent one goes before all others.
func (o *Outbox) SendMail(ctx context.Context, tx pgx.Tx, mailID int64, urgent bool) error {
	opts := &river.InsertOpts{Priority: river.PriorityDefault}
	if !urgent {
		opts.Priority++ // later
	}
	if _, err := o.client.InsertTx(ctx, tx, SendMail{mailID}, opts); err != nil {
		return fmt.Errorf("enqueue mail %d: %w", mailID, err)
	}
	return nil
}

// TellLogOut enqueues that an application is told of a log-out.
func (o *Outbox) TellLogOut(ctx context.Context, tx pgx.Tx, visitID int64) error {
	if _, err := o.client.InsertTx(ctx, tx, TellLogOut{visitID}, nil); err != nil {
		return fmt.Errorf("enqueue the log-out of visit %d: %w", visitID, err)
	}
	return nil
}

// AnswerForgotten enqueues the look-up of who forgot a password.
func (o *Outbox) AnswerForgotten(ctx context.Context, tx pgx.Tx, forgottenID int64) error {
	if _, err := o.client.InsertTx(ctx, tx, AnswerForgotten{forgottenID}, nil); err != nil {
		return fmt.Errorf("enqueue the answer to forgotten password %d: %w", forgottenID, err)
	}
	return nil
}
