package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// DemoMail is a mail in the demo mailbox.
type DemoMail struct {
	ID      int64
	Address string
	Subject string
	Body    string
	At      time.Time
}

// DemoMailbox keeps every mail of the installation, in demo mode alone. It is a Sender.
type DemoMailbox struct {
	pool dbsqlc.DBTX
	q    *dbsqlc.Queries
}

// NewDemoMailbox returns the mailbox.
func NewDemoMailbox(pool dbsqlc.DBTX) *DemoMailbox { return &DemoMailbox{pool, dbsqlc.New()} }

// Send keeps a mail.
func (d *DemoMailbox) Send(ctx context.Context, m Message) error {
	err := d.q.DemoMailInsert(ctx, d.pool, dbsqlc.DemoMailInsertParams{Address: m.To, Subject: m.Subject, Body: m.Body})
	if err != nil {
		return &Failure{Fault: FaultUnreachable}
	}
	return nil
}

// Mails returns the last fifty mails, the newest first.
func (d *DemoMailbox) Mails(ctx context.Context) ([]DemoMail, error) {
	rows, err := d.q.DemoMailList(ctx, d.pool)
	if err != nil {
		return nil, fmt.Errorf("list demo mails: %w", err)
	}
	mails := make([]DemoMail, len(rows))
	for i, r := range rows {
		mails[i] = DemoMail(r)
	}
	return mails, nil
}
