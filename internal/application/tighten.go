package application

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Tighter is what an office's superuser demands beyond what the operator does.
type Tighter struct {
	Roles        []account.Role // of those that the operator admits
	MaxFactorAge time.Duration  // 0: as the operator has it
	Off          bool
}

// Tighten sets what an office demands of its users beyond what the operator does. What would loosen it has no effect:
// the door takes the fewer roles and the shorter age, also of what the operator changes later. It returns Problems,
// ErrUnknown, and what session.ActingTx returns.
func (s *Service) Tighten(
	ctx context.Context, sess session.Session, id int64, t Tighter, client session.Client,
) error {
	if t.MaxFactorAge != 0 && (t.MaxFactorAge < time.Minute || t.MaxFactorAge > maxAge) {
		return Problems{{Wrong: BadAge}}
	}
	if !t.Off && (len(t.Roles) == 0 || slices.ContainsFunc(t.Roles, func(r account.Role) bool { return !r.Valid() })) {
		return Problems{{Wrong: NoRole}}
	}
	act := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, act, func(tx pgx.Tx, _ session.Session) error {
		door, err := s.q.ApplicationDoor(ctx, tx, dbsqlc.ApplicationDoorParams{
			ApplicationID: id, OfficeID: sess.User.OfficeID,
		})
		if err != nil || !door.Admitted {
			return ErrUnknown
		}
		err = s.q.ApplicationTighten(ctx, tx, dbsqlc.ApplicationTightenParams{
			OfficeID: sess.User.OfficeID, ApplicationID: id, Roles: words(t.Roles), MaxFactorAge: t.MaxFactorAge,
			Off: t.Off,
		})
		if err != nil {
			return fmt.Errorf("tighten application %d for office %d: %w", id, sess.User.OfficeID, err)
		}
		event := sess.Event(audit.ApplicationTightened, client)
		event.Detail = door.Name
		return s.log.Write(ctx, tx, event)
	})
}
