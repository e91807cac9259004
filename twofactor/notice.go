package twofactor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Notice is what a user is told at the next page they see, once.
type Notice string

// The notices: catalogue keys notice.<notice>.
const (
	NoticeGuessed       Notice = "guessed"        // the right password, then five wrong second factors
	NoticeNumberChanged Notice = "number_changed" //
	NoticeAppAdded      Notice = "app_added"
	NoticeAppRemoved    Notice = "app_removed"
	NoticeRecoveryUsed  Notice = "recovery_used"
	NoticeReset         Notice = "reset" // a superuser or the command line took the factors away

	// To the office's superusers, of what an operator did on the command line.
	NoticeForcedReset Notice = "forced_reset"
	NoticeForcedOff   Notice = "forced_off" // written by package office
)

// Told is a notice with the moment of what it tells.
type Told struct {
	ID   int64
	Kind Notice
	At   time.Time
}

func (s *Service) notify(ctx context.Context, tx pgx.Tx, userID int64, n Notice) error {
	if err := s.q.NoticeInsert(ctx, tx, dbsqlc.NoticeInsertParams{UserID: userID, Kind: string(n)}); err != nil {
		return fmt.Errorf("leave user %d a notice: %w", userID, err)
	}
	return nil
}

// Notices answers what the user has not put away yet, the newest first, at most five.
func (s *Service) Notices(ctx context.Context, userID int64) ([]Told, error) {
	rows, err := s.q.NoticeList(ctx, s.pool, userID)
	if err != nil {
		return nil, fmt.Errorf("list notices of user %d: %w", userID, err)
	}
	told := make([]Told, len(rows))
	for i, r := range rows {
		told[i] = Told{r.ID, Notice(r.Kind), r.CreatedAt}
	}
	return told, nil
}

// SeeNotices puts the notices up to one away.
func (s *Service) SeeNotices(ctx context.Context, userID, upTo int64) error {
	if err := s.q.NoticeSee(ctx, s.pool, dbsqlc.NoticeSeeParams{UserID: userID, UpTo: upTo}); err != nil {
		return fmt.Errorf("put notices of user %d away: %w", userID, err)
	}
	return nil
}
