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

// NewOutbox makes an Outbox over a client, which need not work jobs itself.
func NewOutbox(client *river.Client[pgx.Tx]) *Outbox { return &Outbox{client} }

// SendCode enqueues a message of a challenge.
func (o *Outbox) SendCode(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo int) error {
	if _, err := o.client.InsertTx(ctx, tx, SendCode{challengeID, sendNo}, nil); err != nil {
		return fmt.Errorf("enqueue message %d of challenge %d: %w", sendNo, challengeID, err)
	}
	return nil
}
