package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// ErrNoPasskey says that a superuser who has no passkey would demand one of superusers: they would be the first who
// cannot go on.
var ErrNoPasskey = fault.New(fault.Conflict, "who demands passkeys has none")

// PasskeysDemanded reports whether an office asks its superusers for a passkey, and how many of them have none.
func (s *Service) PasskeysDemanded(ctx context.Context, officeID int64) (demanded bool, without int, err error) {
	r, err := s.q.OfficePasskeysDemanded(ctx, s.pool, officeID)
	if err != nil {
		return false, 0, fmt.Errorf("read whether office %d asks for passkeys: %w", officeID, err)
	}
	return r.Demanded, int(r.Without), nil
}

// DemandPasskeys decides whether every superuser of the session's office must have a passkey, after a step-up. Who has
// none makes one before anything else, from the next request on: see session.Session.PasskeyOwed. It returns
// ErrNoPasskey, fault.StepUpRequired and ErrNotAllowed.
func (s *Service) DemandPasskeys(
	ctx context.Context, sess session.Session, client session.Client, demanded bool,
) error {
	setting := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, setting, func(tx pgx.Tx, _ session.Session) error {
		if demanded {
			has, err := s.q.PasskeyUsable(ctx, tx, sess.User.ID)
			if err != nil {
				return fmt.Errorf("look for a passkey of user %d: %w", sess.User.ID, err)
			}
			if !has {
				return ErrNoPasskey
			}
		}
		n, err := s.q.OfficePasskeysDemand(ctx, tx, dbsqlc.OfficePasskeysDemandParams{
			OfficeID: sess.User.OfficeID, Superusers: demanded,
		})
		if err != nil {
			return fmt.Errorf("note whether office %d asks for passkeys: %w", sess.User.OfficeID, err)
		}
		if n == 0 {
			return nil
		}
		event := sess.Event(audit.PasskeysDemanded, client)
		if event.Detail = "off"; demanded {
			event.Detail = "on"
		}
		return s.log.Write(ctx, tx, event)
	})
}
