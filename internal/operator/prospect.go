package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Prospect is what a cap would mean, were it set now.
type Prospect struct {
	Cap      float64
	Spent    float64 // this month
	Reserve  float64 // up to here numbers that are proven get codes
	StopsNew bool    // numbers that are not proven get none from now on
	StopsAll bool    // nobody does
	Depend   int     // users of offices that demand two factors who have messages alone
}

// Prospect returns what a cap would mean to an office (0: to all), and whether that is worth a question: it is near
// what is spent, or under it. It returns ErrCap, and nothing to ask for no cap.
func (s *Service) Prospect(ctx context.Context, officeID int64, typed string) (p Prospect, ask bool, err error) {
	most, err := amount(typed)
	if err != nil || most == nil {
		return Prospect{}, false, err
	}
	r, err := s.q.CapProspect(ctx, s.pool, dbsqlc.CapProspectParams{Cap: *most, OfficeID: officeID})
	if err != nil {
		return Prospect{}, false, fmt.Errorf("weigh a cap: %w", err)
	}
	return Prospect{
		Cap: r.Cap, Spent: r.Spent, Reserve: r.Reserve, StopsNew: r.StopsNew, StopsAll: r.StopsAll, Depend: int(r.Depend),
	}, r.Tight, nil
}

// forecast is when a cap is reached, as the database says it: its epoch is never.
func forecast(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}
