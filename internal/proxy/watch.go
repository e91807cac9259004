package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

const (
	// saveEvery is how often a process writes what it found, at most.
	saveEvery = time.Minute
	// savePatience bounds what a request waits for it.
	savePatience = time.Second
)

// Watch counts what is wrong with the proxies. It tells each finding once a process in the log, and writes it where
// doctor and the operators' overview read it.
type Watch struct {
	trusted Trusted
	db      dbsqlc.DBTX
	logger  *slog.Logger
	count   func(Finding)
	now     func() time.Time

	mu   sync.Mutex
	seen map[Finding]*sighting
}

// sighting is what a process knows of one finding.
type sighting struct {
	unsaved int64
	savedAt time.Time
}

// NewWatch makes a Watch of the proxies that are named. count is told of every request with a finding.
func NewWatch(trusted Trusted, db dbsqlc.DBTX, logger *slog.Logger, count func(Finding), now func() time.Time) *Watch {
	return &Watch{trusted: trusted, db: db, logger: logger, count: count, now: now, seen: map[Finding]*sighting{}}
}

// Client returns the address of a request's client.
func (w *Watch) Client(r *http.Request) string {
	address, _ := w.trusted.Client(r)
	return address
}

// Named reports whether a connection is one of a proxy that the operator named.
func (w *Watch) Named(remoteAddr string) bool { return w.trusted.Named(remoteAddr) }

// Look notes what is wrong with how a request came.
func (w *Watch) Look(r *http.Request) {
	_, found := w.trusted.Client(r)
	if found == "" {
		return
	}
	w.count(found)
	first, unsaved := w.note(found)
	if first {
		w.logger.WarnContext(r.Context(), Advice(found), "finding", string(found), "peer", r.RemoteAddr)
	}
	if unsaved > 0 {
		w.save(r.Context(), found, unsaved)
	}
}

// note counts a request. It returns how many are to be written now, 0 when that was done a moment ago.
func (w *Watch) note(found Finding) (first bool, unsaved int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.seen[found]
	if s == nil {
		s, first = &sighting{}, true
		w.seen[found] = s
	}
	s.unsaved++
	if now := w.now(); now.Sub(s.savedAt) >= saveEvery {
		unsaved, s.unsaved, s.savedAt = s.unsaved, 0, now
	}
	return first, unsaved
}

// save writes a finding. What cannot be written is worth less than the page that waits, and comes again.
func (w *Watch) save(ctx context.Context, found Finding, requests int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savePatience)
	defer cancel()
	err := dbsqlc.New().ProxyFindingAdd(ctx, w.db, dbsqlc.ProxyFindingAddParams{
		Finding: string(found), Requests: requests,
	})
	if err != nil {
		w.logger.WarnContext(ctx, "note what is wrong with a proxy", "finding", string(found), "error", err)
	}
}

// Advice returns what a finding means and what to do, in English, for the log and the command line.
func Advice(f Finding) string {
	switch f {
	case Unnamed:
		return "A proxy is not named, so that all of its visitors have its address, in limits and in the history: " +
			"add its address to NIGHTLATCH_TRUSTED_PROXIES"
	case Silent:
		return "A named proxy does not say who comes, and so passes on whatever address a visitor claims: " +
			"let it set X-Forwarded-For to the visitor's address"
	case PassedOn:
		return "A named proxy passes on the X-Forwarded-For that it is sent: let it set the header anew; when another " +
			"proxy of yours stands in front of it, name that one in NIGHTLATCH_TRUSTED_PROXIES as well"
	}
	return ""
}

// AdviceMissing is what Trusted.Missing means and what to do.
const AdviceMissing = "NIGHTLATCH_URL is https, so that a proxy must be in front, and NIGHTLATCH_TRUSTED_PROXIES " +
	"names none: every visitor has the proxy's address, in limits and in the history. Name it as docs/operating.md says"

// Told is what was found in the last day, by whatever process.
type Told struct {
	Finding  Finding
	Requests int64 // since the first
	LastAt   time.Time
}

// Recent returns what was found in the last day.
func Recent(ctx context.Context, db dbsqlc.DBTX) ([]Told, error) {
	rows, err := dbsqlc.New().ProxyFindingsRecent(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read what was found about proxies: %w", err)
	}
	told := make([]Told, len(rows))
	for i, row := range rows {
		told[i] = Told{Finding(row.Finding), row.Requests, row.LastAt}
	}
	return told, nil
}
