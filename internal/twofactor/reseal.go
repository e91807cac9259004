package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// resealBatch is how many secrets one call of Reseal takes: a few milliseconds of work.
const resealBatch = 100

// Reseal seals the authenticators' secrets anew that an older key sealed: one batch, of users after after. It
// answers where to go on, 0 when there is no more. Each row stands for itself, so a run that is cut off
// loses nothing; a secret that changes meanwhile is left alone. What no key of the ring opens stays as it
// is and is an error in the end, after its batch.
func (s *Service) Reseal(ctx context.Context, after int64) (next int64, err error) {
	rows, err := s.q.ResealAuthenticatorList(ctx, s.pool, dbsqlc.ResealAuthenticatorListParams{After: after, KeyID: s.keys.SealingID(), Batch: resealBatch})
	if err != nil {
		return after, fmt.Errorf("list what an older key sealed: %w", err)
	}
	unreadable := 0
	for _, r := range rows {
		secret, err := s.openSecret(r.UserID, r.SecretCt)
		if errors.Is(err, keys.ErrOpen) {
			unreadable++
			continue
		}
		if err != nil {
			return after, err
		}
		_, err = s.q.ResealAuthenticator(ctx, s.pool, dbsqlc.ResealAuthenticatorParams{
			UserID: r.UserID, Before: r.SecretCt, SealedAnew: s.keys.Seal(secretPurpose, row(r.UserID), []byte(secret)),
		})
		if err != nil {
			return after, fmt.Errorf("seal the authenticator secret of user %d anew: %w", r.UserID, err)
		}
	}
	if len(rows) == resealBatch {
		next = rows[len(rows)-1].UserID
	}
	if unreadable > 0 {
		err = fmt.Errorf("%d authenticator secrets: %w", unreadable, keys.ErrOpen)
	}
	return next, err
}
