package twofactor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// DemandedFrom returns from when on a second factor is demanded of a user of whom none is demanded now, or the zero
// time where that is not known.
func (s *Service) DemandedFrom(ctx context.Context, userID int64) (time.Time, error) {
	at, err := s.q.UserDemandedFrom(ctx, s.pool, userID)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("ask from when on a second factor is demanded of user %d: %w", userID, err)
	}
	return at, nil
}
