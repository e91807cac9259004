package office

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// MaxInvitationDays is how long an invitation lives at most.
const MaxInvitationDays = 30

// SetInvitationDays sets for how many days an invitation to the office lives, 1 to MaxInvitationDays, from the next one
// on: those that are under way say until when they live. It returns ErrNotAllowed and fault.StepUpRequired.
func (s *Service) SetInvitationDays(
	ctx context.Context, sess session.Session, client session.Client, days int,
) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		n, err := s.q.OfficeInvitationsSet(ctx, tx, dbsqlc.OfficeInvitationsSetParams{
			ID: sess.User.OfficeID, Days: int16(days), //nolint:gosec // the database takes 30 at most
		})
		if err != nil {
			return fmt.Errorf("set the life of the invitations of office %d: %w", sess.User.OfficeID, err)
		}
		if n == 0 {
			return nil
		}
		event := sess.Event(audit.InvitationsSet, client)
		event.Detail = strconv.Itoa(days)
		return s.log.Write(ctx, tx, event)
	})
}
