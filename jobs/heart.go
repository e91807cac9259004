package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// beatEvery is how often a worker says that it lives; after three beats without one it counts as dead.
const beatEvery = 2 * time.Second

// Beater writes that a worker lives, and takes over what dead ones had under way.
type Beater interface {
	Beat(ctx context.Context, worker string, queues ...string) (taken int, err error)
}

// StartHeart says that a worker lives until stop is called: once before it returns, so that whoever works jobs is
// known, and then every beatEvery. River takes up what a dead worker had under way after a minute; a code is worth
// little by then.
func StartHeart(ctx context.Context, beater Beater, worker string, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	beat := func() {
		bounded, cancel := context.WithTimeout(ctx, beatEvery)
		defer cancel()
		switch taken, err := beater.Beat(bounded, worker, QueueLogin, QueueOther); {
		case err != nil && ctx.Err() == nil:
			logger.WarnContext(ctx, "heartbeat of the worker", "error", err)
		case taken > 0:
			logger.WarnContext(ctx, "codes of a dead worker taken over", "codes", taken)
		}
	}
	beat()
	var ended sync.WaitGroup
	ended.Go(func() {
		every := time.NewTicker(beatEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				beat()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		ended.Wait()
	}
}
