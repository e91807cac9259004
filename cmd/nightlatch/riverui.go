package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"riverqueue.com/riverui"
)

// jobsPage is River UI under /operator/jobs. Who may see it, what is audited and what a browser may load
// there is the handlers' business (handlers/operator_jobs.go).
type jobsPage struct {
	ui    *riverui.Handler
	start func()
}

// newJobsPage makes the page over a client that need not work jobs. It lives as long as ctx.
func newJobsPage(ctx context.Context, client *river.Client[pgx.Tx], logger *slog.Logger) (*jobsPage, error) {
	logger = slog.New(lowered{quiet(logger).Handler()})
	ui, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(client, nil), JobListHideArgsByDefault: true, Logger: logger,
		Prefix: "/operator/jobs",
	})
	if err != nil {
		return nil, fmt.Errorf("make the page of the queue: %w", err)
	}
	// From its start on it counts all jobs every ten seconds: not before somebody wants to know.
	start := sync.OnceFunc(func() {
		if err := ui.Start(ctx); err != nil {
			logger.Warn("start the page of the queue", "error", err)
		}
	})
	return &jobsPage{ui, start}, nil
}

func (p *jobsPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.start()
	p.ui.ServeHTTP(w, r)
}

// lowered makes errors warnings: a count that was cut off by a stop is nothing to wake anybody for.
type lowered struct{ slog.Handler }

func (l lowered) Handle(ctx context.Context, r slog.Record) error {
	r.Level = min(r.Level, slog.LevelWarn)
	return l.Handler.Handle(ctx, r)
}

func (l lowered) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lowered{l.Handler.WithAttrs(attrs)}
}
func (l lowered) WithGroup(name string) slog.Handler { return lowered{l.Handler.WithGroup(name)} }
