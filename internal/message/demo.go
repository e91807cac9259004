package message

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// DemoText is a message on the demo phone.
type DemoText struct {
	ID     int64
	Number string
	Body   string
	At     time.Time
}

// DemoPhone keeps the demo provider's messages, in demo mode alone.
type DemoPhone struct {
	pool dbsqlc.DBTX
	q    *dbsqlc.Queries
}

// NewDemoPhone returns the phone.
func NewDemoPhone(pool dbsqlc.DBTX) *DemoPhone { return &DemoPhone{pool, dbsqlc.New()} }

// Keep receives a message.
func (d *DemoPhone) Keep(ctx context.Context, to, body string) error {
	if err := d.q.DemoMessageInsert(ctx, d.pool, dbsqlc.DemoMessageInsertParams{Number: to, Body: body}); err != nil {
		return fmt.Errorf("keep a demo message: %w", err)
	}
	return nil
}

// Texts returns the last fifty messages, the newest first.
func (d *DemoPhone) Texts(ctx context.Context) ([]DemoText, error) {
	rows, err := d.q.DemoMessageList(ctx, d.pool)
	if err != nil {
		return nil, fmt.Errorf("list demo messages: %w", err)
	}
	texts := make([]DemoText, len(rows))
	for i, r := range rows {
		texts[i] = DemoText(r)
	}
	return texts, nil
}
