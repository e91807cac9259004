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

// AllowTrusted sets for how many days users of the office may trust a browser, 0 for none, and ends the trust in all of
// them where that is another policy. It returns ErrNotAllowed and fault.StepUpRequired.
func (s *Service) AllowTrusted(ctx context.Context, sess session.Session, client session.Client, days int) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		n, err := s.q.OfficeTrustSet(ctx, tx, dbsqlc.OfficeTrustSetParams{
			ID: sess.User.OfficeID, Days: int16(days), //nolint:gosec // the database takes 30 at most
		})
		if err != nil {
			return fmt.Errorf("set the trusted browsers of office %d: %w", sess.User.OfficeID, err)
		}
		if n == 0 {
			return nil
		}
		if _, err := session.EndTrust(ctx, tx, session.Which{OfficeID: sess.User.OfficeID}); err != nil {
			return err
		}
		event := sess.Event(audit.TrustedBrowsersSet, client)
		if event.Detail = strconv.Itoa(days); days == 0 {
			event.Detail = "none"
		}
		return s.log.Write(ctx, tx, event)
	})
}
