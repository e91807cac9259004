package twofactor

import (
	"context"
	"errors"
	"fmt"
)

// Upkeep wipes the codes of expired challenges and drops what is too old to matter: enrolments, recovery
// sheets, counters, browsers, and sessions that ended a month ago with their challenges.
func (s *Service) Upkeep(ctx context.Context) error {
	_, err := s.q.ChallengeEndExpired(ctx, s.pool)
	err = errors.Join(err,
		s.q.EnrolmentDeleteExpired(ctx, s.pool),
		s.q.RecoverySheetDeleteExpired(ctx, s.pool),
		s.q.PasswordFailureDeleteOld(ctx, s.pool),
		s.q.AddressDeleteOld(ctx, s.pool),
		s.q.KnownBrowserDeleteOld(ctx, s.pool),
		s.q.HeldFormDeleteExpired(ctx, s.pool),
		s.q.SessionDeleteOld(ctx, s.pool),
	)
	if err != nil {
		return fmt.Errorf("upkeep: %w", err)
	}
	return nil
}
