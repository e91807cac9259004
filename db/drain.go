package db

import (
	"context"
	"errors"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

const (
	// drainBatch is how many rows one statement takes: some hundred milliseconds, far from statementTimeout however many
	// rows wait.
	drainBatch = 5000
	// drainFor is how long one run goes on. What is left then waits for the next.
	drainFor = 4 * time.Second
)

// Drained deletes or ends at most batch rows that are over, and returns how many those were. Every query of upkeep and
// retention is one.
type Drained func(ctx context.Context, tx dbsqlc.DBTX, batch int32) (int64, error)

// Drain runs each of the queries in turn, a batch at a time, until none finds a whole batch any more or some seconds
// have passed. A backlog in one keeps no other from its turn, and neither does an error.
func Drain(ctx context.Context, tx dbsqlc.DBTX, queries ...Drained) error {
	var failed error
	for until := time.Now().Add(drainFor); len(queries) > 0 && time.Now().Before(until); {
		var left []Drained
		for _, query := range queries {
			switch n, err := query(ctx, tx, drainBatch); {
			case err != nil:
				failed = errors.Join(failed, err)
			case n >= drainBatch:
				left = append(left, query)
			}
		}
		queries = left
	}
	return failed
}
