package twofactor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

// Telling returns a Service that also tells an office's superusers, outside of its pages, when the command line takes a
// user's factors away.
func (s *Service) Telling(superusers office.Superusers) *Service {
	with := *s
	with.told = superusers
	return &with
}

func (s *Service) tellSuperusers(ctx context.Context, tx pgx.Tx, event audit.Event) error {
	if err := s.noticeSuperusers(ctx, tx, event.Office, NoticeForcedReset); err != nil {
		return err
	}
	if s.told == nil {
		return nil
	}
	return s.told.TellSuperusers(ctx, tx, event)
}

func (s *Service) noticeSuperusers(ctx context.Context, tx pgx.Tx, officeID int64, n Notice) error {
	err := s.q.NoticeInsertSuperusers(ctx, tx, dbsqlc.NoticeInsertSuperusersParams{OfficeID: officeID, Kind: string(n)})
	if err != nil {
		return fmt.Errorf("leave the superusers of office %d a notice: %w", officeID, err)
	}
	return nil
}
