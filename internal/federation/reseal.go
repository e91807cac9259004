package federation

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// resealBatch is how many offices one call of Reseal takes.
const resealBatch = 100

// Reseal seals anew the client secrets that an older key sealed: one batch, of offices after after. It returns where to
// go on, 0 when there is no more. A secret that changes meanwhile is left alone; what no key of the ring opens stays as
// it is and is an error in the end.
func (s *Service) Reseal(ctx context.Context, after int64) (next int64, err error) {
	rows, err := s.q.ResealSSOList(ctx, s.pool, dbsqlc.ResealSSOListParams{
		After: after, KeyID: s.keys.SealingID(), Batch: resealBatch,
	})
	if err != nil {
		return after, fmt.Errorf("list what an older key sealed: %w", err)
	}
	unreadable := 0
	for _, r := range rows {
		secret, err := s.keys.Open(purposeSecret, row(r.OfficeID), r.SecretCt)
		if err != nil {
			unreadable++
			continue
		}
		_, err = s.q.ResealSSO(ctx, s.pool, dbsqlc.ResealSSOParams{
			OfficeID: r.OfficeID, Before: r.SecretCt, SealedAnew: s.keys.Seal(purposeSecret, row(r.OfficeID), secret),
		})
		if err != nil {
			return after, fmt.Errorf("seal the client secret of office %d anew: %w", r.OfficeID, err)
		}
	}
	if len(rows) == resealBatch {
		next = rows[len(rows)-1].OfficeID
	}
	if unreadable > 0 {
		err = errors.Join(err, fmt.Errorf("%d client secrets: %w", unreadable, keys.ErrOpen))
	}
	return next, err
}
