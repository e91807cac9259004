package office

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Superusers is how an office's superusers are told, outside of its pages, of what an operator did to their
// office on the command line. It is called in the transaction of what it tells.
type Superusers interface {
	TellSuperusers(ctx context.Context, tx pgx.Tx, event audit.Event) error
}

// noticeForcedOff is twofactor.NoticeForcedOff, which this package cannot reach.
const noticeForcedOff = "forced_off"

// Telling returns a Service that also tells the superusers when the command line switches two-factor
// authentication off.
func (s *Service) Telling(superusers Superusers) *Service {
	with := *s
	with.told = superusers
	return &with
}

func (s *Service) tellSuperusers(ctx context.Context, tx pgx.Tx, event audit.Event) error {
	err := s.q.NoticeInsertSuperusers(ctx, tx, dbsqlc.NoticeInsertSuperusersParams{OfficeID: event.Office,
		Kind: noticeForcedOff})
	if err != nil {
		return fmt.Errorf("leave the superusers of office %d a notice: %w", event.Office, err)
	}
	if s.told == nil {
		return nil
	}
	return s.told.TellSuperusers(ctx, tx, event)
}
