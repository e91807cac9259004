package office

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
)

// WarnOfCaps tells who can do something about it that a money cap is nearly, or all, spent: the office's superusers, on
// screen and by mail, and operators by mail. Each cap is told once a month and share, however often this is asked. Of
// one that jumped over both shares the larger is told.
func (s *Service) WarnOfCaps(ctx context.Context) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		due, err := s.q.CapWarningsTake(ctx, tx)
		if err != nil {
			return fmt.Errorf("look for caps that are spent: %w", err)
		}
		told := map[int64]int16{}
		for _, d := range due {
			told[d.OfficeID] = max(told[d.OfficeID], d.Share)
		}
		offices := make([]int64, 0, len(told))
		for id := range told {
			offices = append(offices, id)
		}
		slices.Sort(offices)
		for _, id := range offices {
			if err := s.warnOfCap(ctx, tx, id, told[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// warnOfCap tells of the cap of an office, or of the installation (0).
func (s *Service) warnOfCap(ctx context.Context, tx pgx.Tx, officeID int64, share int16) error {
	kind, ofAll := "cap_near", "caps_near"
	if share == 100 {
		kind, ofAll = "cap_reached", "caps_reached"
	}
	if officeID == 0 {
		return s.ways.MailOperators(ctx, tx, ofAll, 0)
	}
	if err := s.ways.NotifySuperusers(ctx, tx, officeID, kind); err != nil {
		return err
	}
	return s.ways.MailOperators(ctx, tx, kind, officeID)
}
