package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Retain deletes challenges older than days (at least 1), and with them their messages, sends and receipts. Audit
// events of attempts go after 90 days, whatever days is; those of decisions stay, and so do costs. Tickets that nobody
// used go, too. It returns how many challenges went.
func (s *Service) Retain(ctx context.Context, days int) (int, error) {
	age, gone := time.Duration(max(1, days))*24*time.Hour, 0
	err := db.Drain(ctx, s.pool,
		func(ctx context.Context, tx dbsqlc.DBTX, batch int32) (int64, error) {
			n, err := s.q.ChallengeDeleteOld(ctx, tx, dbsqlc.ChallengeDeleteOldParams{Age: age, Batch: batch})
			gone += int(n)
			return n, err
		},
		func(ctx context.Context, tx dbsqlc.DBTX, batch int32) (int64, error) {
			return s.q.DemoMessageDeleteOld(ctx, tx, dbsqlc.DemoMessageDeleteOldParams{Age: age, Batch: batch})
		}, s.q.AuditEventDeleteOld, s.q.TicketDeleteOld, s.q.DoorSightingDeleteOld)
	if err != nil {
		return gone, fmt.Errorf("delete what is older than %d days: %w", days, err)
	}
	return gone, nil
}
