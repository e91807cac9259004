package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

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

// List returns the events, newest first, and whether there are more.
func (i *Installation) List(ctx context.Context, search Search) (entries []Entry, more bool, err error) {
	entries, err = i.list(ctx, search, PageSize+1)
	entries, more = page(entries)
	return entries, more, err
}

// Export returns the events for a file, newest first, once it is written down who takes it.
func (i *Installation) Export(ctx context.Context, by Event, search Search) ([]Entry, error) {
	if err := i.Record(ctx, by); err != nil {
		return nil, err
	}
	search.Before = 0
	return i.list(ctx, search, MostExported)
}

func (i *Installation) list(ctx context.Context, search Search, most int32) (entries []Entry, _ error) {
	rows, err := dbsqlc.New().AuditInstallationList(ctx, i.db, search.params(most))
	if err != nil {
		return nil, fmt.Errorf("list the installation's audit events: %w", err)
	}
	for _, r := range rows {
		entries = append(entries, Entry{r.ID, r.At, r.Actor, r.Subject, Action(r.Action), r.Detail, r.Address})
	}
	return entries, nil
}

// Visit is somebody who came to an application. Why is the refusal, as the door and the provider have it.
type Visit struct {
	At      time.Time
	Actor   string
	Office  string // its code; "" for a client without a user
	Action  Action
	Why     string
	Address string
}

// Visits returns who came to the application of a name lately, newest first, at most that many.
func (i *Installation) Visits(ctx context.Context, name string, most int32) ([]Visit, error) {
	rows, err := dbsqlc.New().AuditApplicationList(ctx, i.db, dbsqlc.AuditApplicationListParams{Name: name, Most: most})
	if err != nil {
		return nil, fmt.Errorf("list who came to an application: %w", err)
	}
	visits := make([]Visit, len(rows))
	for n, r := range rows {
		why, _ := strings.CutPrefix(r.Detail, name)
		visits[n] = Visit{r.At, r.Actor, r.Office, Action(r.Action), strings.TrimPrefix(why, ": "), r.Address}
	}
	return visits, nil
}
