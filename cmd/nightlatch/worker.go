package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/jobs"
)

// workConnections are River's, and those of the services that its jobs call.
const workConnections = 8

// startWorker works jobs, with connections of its own, until stop is called.
func (a *app) startWorker(ctx context.Context) (stop func(), err error) {
	pgxPool, err := db.Connect(ctx, a.database, workConnections)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, pgxPool.Close)
	pool := db.NewPool(pgxPool, a.changes)
	a.metrics.Watch("work", pool)
	s, err := a.services(pool)
	if err != nil {
		return nil, err
	}
	sealed := []jobs.Resealer{s.federation, s.signing}
	for _, kind := range s.factors.Kinds() {
		sealed = append(sealed, kind)
	}
	workers := jobs.Register(s.messages, s.factors, s.operator, a.cfg.retentionDays, s.mails, s.accounts,
		s.offices, s.replays,
		sealed, s.issuer, s.backchannel,
		jobs.Evidence{Rollouts: s.rollouts, Zone: a.cfg.zone, Signer: audit.NewSigner(pool, a.ring, a.log)}, s.rollouts)
	client, err := jobs.NewWorker(pgxPool, quiet(a.logger), workers, a.cfg.pollOnly)
	if err != nil {
		return nil, fmt.Errorf("make the workers: %w", err)
	}
	stopHeart := jobs.StartHeart(context.WithoutCancel(ctx), s.messages, client.ID(), a.logger)
	stopLooking := jobs.StartLooking(context.WithoutCancel(ctx), s.backchannel, a.logger)
	// Its jobs end by Stop alone: a context that ends with a signal would cut every send in the middle.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		stopLooking()
		stopHeart()
		return nil, fmt.Errorf("start the workers: %w", err)
	}
	return func() {
		stopLooking()
		stopWorker(client, a.logger)
		stopHeart()
	}, nil
}

// stopWorker lets running sends end, and cuts those that do not.
func stopWorker(worker *river.Client[pgx.Tx], logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := worker.Stop(ctx); err == nil {
		return
	}
	hard, cancelHard := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancelHard()
	if err := worker.StopAndCancel(hard); err != nil {
		logger.Warn("workers did not stop in time", "error", err)
	}
}
