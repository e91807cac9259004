package audit

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

const (
	// PageSize is how many events one page of the history has.
	PageSize = 50
	// MostExported is how many a file has: the newest.
	MostExported = 10_000
)

// Search is which events of a history are asked for. The zero value is the newest of all.
type Search struct {
	Before int64  // the event before which the page begins, 0 for the newest
	Kind   Kind   // "" for all
	Words  string // each stands in who did it, to whom, how or from where
}

var likeMarks = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// params are those of a query. A kind that there is not has no actions: nothing is of it.
func (s Search) params(most int32) dbsqlc.AuditInstallationListParams {
	p := dbsqlc.AuditInstallationListParams{Before: s.Before, Actions: []string{}, Words: []string{}, Most: most}
	if s.Before <= 0 {
		p.Before = math.MaxInt64
	}
	if s.Kind != "" {
		p.Actions = append(p.Actions, "")
		for _, action := range s.Kind.Actions() {
			p.Actions = append(p.Actions, string(action))
		}
	}
	words := strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s.Words, "\x00", ""), ""))
	for _, word := range words[:min(8, len(words))] {
		p.Words = append(p.Words, likeMarks.Replace(word))
	}
	return p
}

// List returns an office's events, newest first, and whether there are more.
func List(ctx context.Context, tx dbsqlc.DBTX, office int64, search Search) (entries []Entry, more bool, err error) {
	entries, err = list(ctx, tx, office, search, PageSize+1)
	entries, more = page(entries)
	return entries, more, err
}

// Export returns an office's events for a file, newest first.
func Export(ctx context.Context, tx dbsqlc.DBTX, office int64, search Search) ([]Entry, error) {
	search.Before = 0
	return list(ctx, tx, office, search, MostExported)
}

func list(ctx context.Context, tx dbsqlc.DBTX, office int64, search Search, most int32) (entries []Entry, _ error) {
	p := search.params(most)
	rows, err := dbsqlc.New().AuditEventList(ctx, tx, dbsqlc.AuditEventListParams{
		OfficeID: &office, Before: p.Before, Actions: p.Actions, Words: p.Words, Most: p.Most,
	})
	if err != nil {
		return nil, fmt.Errorf("list audit events: %w", err)
	}
	for _, r := range rows {
		entries = append(entries, Entry{r.ID, r.At, r.Actor, r.Subject, Action(r.Action), r.Detail, r.Address})
	}
	return entries, nil
}

// page returns the events of a page, of which one more was read, and whether there are more.
func page(entries []Entry) (_ []Entry, more bool) {
	if len(entries) > PageSize {
		return entries[:PageSize], true
	}
	return entries, false
}
