package message

import (
	"context"
	"fmt"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Beat writes that a worker lives, and makes the messages available again that dead workers had under way in these
// queues; it returns how many. A worker that was only slow and comes back may be counted as dead: its call stands in
// the sends, as every call does, and counts for the two that may have sent.
func (s *Service) Beat(ctx context.Context, worker string, queues ...string) (taken int, err error) {
	jobs, err := s.q.WorkerBeat(ctx, s.pool, dbsqlc.WorkerBeatParams{ID: worker, Queues: queues})
	if err != nil {
		return 0, fmt.Errorf("say that worker %s lives: %w", worker, err)
	}
	return len(jobs), nil
}

// Upkeep forgets workers that have been dead for long.
func (s *Service) Upkeep(ctx context.Context) error {
	return db.Drain(ctx, s.pool, s.q.WorkerDeleteOld)
}
