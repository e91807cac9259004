package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

const (
	// retainBatch is what one statement deletes: tens of milliseconds, so that it holds no lock for long.
	retainBatch = 500
	// retainFor is how long one run goes on. What is left then waits for the next.
	retainFor = 10 * time.Second
)

// Retain deletes challenges older than days (at least 1), and with them their messages, sends and
// receipts, in batches. Audit events and costs stay. It returns how many challenges went.
func (s *Service) Retain(ctx context.Context, days int) (int, error) {
	age := time.Duration(max(1, days)) * 24 * time.Hour
	until, gone := time.Now().Add(retainFor), 0
	for time.Now().Before(until) {
		n, err := s.q.ChallengeDeleteOld(ctx, s.pool, dbsqlc.ChallengeDeleteOldParams{Age: age, Batch: retainBatch})
		if err != nil {
			return gone, fmt.Errorf("delete old challenges: %w", err)
		}
		gone += int(n)
		demo, err := s.q.DemoMessageDeleteOld(ctx, s.pool, dbsqlc.DemoMessageDeleteOldParams{Age: age, Batch: retainBatch})
		if err != nil {
			return gone, fmt.Errorf("delete old demo messages: %w", err)
		}
		if n < retainBatch && demo < retainBatch {
			break
		}
	}
	return gone, nil
}
