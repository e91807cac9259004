package twofactor

import (
	"context"
	"fmt"

	"github.com/nightlatch/nightlatch/db"
)

// Upkeep wipes the codes of expired challenges and drops what is too old to matter: enrolments, recovery sheets,
// counters, browsers, former numbers, what is at a provider of single sign-on, and sessions that ended a month ago with
// their challenges.
func (s *Service) Upkeep(ctx context.Context) error {
	err := db.Drain(ctx, s.pool, s.q.ChallengeEndExpired, s.q.EnrolmentDeleteExpired, s.q.RecoverySheetDeleteExpired,
		s.q.PasswordFailureDeleteOld, s.q.PasswordFailureTrim, s.q.LoginNetworkDeleteOld, s.q.RefusedLoginWrite,
		s.q.KnownBrowserDeleteOld, s.q.HeldFormDeleteExpired, s.q.SSOFlowDeleteOld, s.q.SessionDeleteOld,
		s.q.SessionDeleteBegun, s.q.FormerNumberDeleteOld, s.q.PasskeyAnswerDeleteOld,
		s.q.TrustDeleteOld)
	if err != nil {
		return fmt.Errorf("upkeep: %w", err)
	}
	return nil
}
