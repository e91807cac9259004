package rescue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// MostCooling is the longest cooling-off, in hours.
const MostCooling = 72

// Settings is what an office decided about getting out of trouble. The zero value is an office that never did.
type Settings struct {
	CoolingHours int  // after a change of a factor, until its user may change others'
	TwoApprovers bool // a reset, or a day pass, takes two superusers
}

// ErrHours says that a cooling-off is not between 0 and MostCooling hours.
var ErrHours = fault.New(fault.Invalid, "not so many hours")

// SettingsOf returns what an office decided.
func (s *Service) SettingsOf(ctx context.Context, officeID int64) (Settings, error) {
	r, err := s.q.OfficeRescue(ctx, s.pool, officeID)
	if err != nil {
		return Settings{}, fmt.Errorf("read how office %d gets out of trouble: %w", officeID, err)
	}
	return Settings{int(r.CoolingHours), r.TwoApprovers}, nil
}

// Set says what the session's office decides. It returns ErrHours, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Set(ctx context.Context, sess session.Session, client session.Client, to Settings) error {
	if to.CoolingHours < 0 || to.CoolingHours > MostCooling {
		return ErrHours
	}
	return session.ActingTx(ctx, s.pool, sess, answering, func(tx pgx.Tx, _ session.Session) error {
		err := s.q.OfficeRescueSet(ctx, tx, dbsqlc.OfficeRescueSetParams{
			OfficeID: sess.User.OfficeID, TwoApprovers: to.TwoApprovers,
			CoolingHours: int16(to.CoolingHours), //nolint:gosec // at most MostCooling
		})
		if err != nil {
			return fmt.Errorf("set how office %d gets out of trouble: %w", sess.User.OfficeID, err)
		}
		event := sess.Event(audit.RescueChanged, client)
		event.Detail = "one_approver"
		if to.TwoApprovers {
			event.Detail = "two_approvers"
		}
		return s.log.Write(ctx, tx, event)
	})
}
