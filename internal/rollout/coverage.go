package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/office"
)

// Coverage is how many users of an office could log in on a day, and how many of them had a second factor.
type Coverage struct {
	Day   time.Time // its midnight in UTC: a date, and no moment
	Users int
	Ready int
}

// KeepCoverage keeps what every office has now as that of its day, in the office's time zone or else in this one. Asked
// every hour, it leaves each day as it ended.
func (s *Service) KeepCoverage(ctx context.Context, zone *time.Location) error {
	offices, err := s.q.CoverageOffices(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("list the offices whose coverage is kept: %w", err)
	}
	var today dbsqlc.CoverageKeepParams
	for _, o := range offices {
		today.Offices = append(today.Offices, o.ID)
		today.Days = append(today.Days, o.Now.In(office.ZoneOf(o.TimeZone, zone)).Format(time.DateOnly))
	}
	if err := s.q.CoverageKeep(ctx, s.pool, today); err != nil {
		return fmt.Errorf("keep the coverage of %d offices: %w", len(offices), err)
	}
	return nil
}

// CoverageDays returns an office's coverage from a day on, in order. A day on which no worker ran is missing.
func (s *Service) CoverageDays(ctx context.Context, officeID int64, from time.Time) ([]Coverage, error) {
	rows, err := s.q.CoverageDays(ctx, s.pool, dbsqlc.CoverageDaysParams{
		OfficeID: officeID, FromDay: from.Format(time.DateOnly),
	})
	if err != nil {
		return nil, fmt.Errorf("read the coverage of office %d: %w", officeID, err)
	}
	days := make([]Coverage, len(rows))
	for i, r := range rows {
		day, err := time.Parse(time.DateOnly, r.Day)
		if err != nil {
			return nil, fmt.Errorf("read a day of coverage: %w", err)
		}
		days[i] = Coverage{Day: day, Users: int(r.Users), Ready: int(r.Ready)}
	}
	return days, nil
}
