package audit

import (
	"context"
	"fmt"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Installation is the history of what belongs to no office: the operators' doing, and log-ins under an
// office code that does not exist.
type Installation struct {
	db  dbsqlc.DBTX
	log *Log
}

// NewInstallation returns an Installation over a pool.
func NewInstallation(db dbsqlc.DBTX, log *Log) *Installation { return &Installation{db, log} }

// Record writes an event that stands before what it records and not in its transaction: for what others do
// in the database on an operator's word.
func (i *Installation) Record(ctx context.Context, e Event) error { return i.log.Write(ctx, i.db, e) }

// List returns the events, newest first, older than the event before (0: from the newest), and whether
// there are more.
func (i *Installation) List(ctx context.Context, before int64) (entries []Entry, more bool, err error) {
	rows, err := dbsqlc.New().AuditInstallationList(ctx, i.db, orNewest(before))
	if err != nil {
		return nil, false, fmt.Errorf("list the installation's audit events: %w", err)
	}
	entries, more = page(rows)
	return entries, more, nil
}
