package twofactor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Notice is what a user is told at the next page they see, once, and by mail.
type Notice string

// The notices: catalogue keys notice.<notice>.
const (
	NoticeGuessed       Notice = "guessed"        // the right password, then five wrong second factors
	NoticeNumberChanged Notice = "number_changed" //
	NoticeNumberAdded   Notice = "number_added"   // the first one, at a log-in: by mail alone
	NoticeAppAdded      Notice = "app_added"
	NoticeAppRemoved    Notice = "app_removed"
	NoticeOperatorApp   Notice = "operator_app" // an operator's, in the place of the one before
	NoticeRecoveryUsed  Notice = "recovery_used"

	NoticePasskeyAdded   Notice = "passkey_added"
	NoticePasskeyRemoved Notice = "passkey_removed"
	NoticePasskeyCopied  Notice = "passkey_copied" // a proof counted no further: it opens nothing any more
	// Twenty wrong second factors in a day, in known browsers or in new ones: recovery codes alone, or a reset.
	NoticeLocked          Notice = "locked"
	NoticeStrangersLocked Notice = "strangers_locked"
	NoticeReset           Notice = "reset"           // a superuser or the command line took the factors away
	NoticeRecoveryMade    Notice = "recovery_made"   // new recovery codes
	NoticeBrowserTrusted  Notice = "browser_trusted" // by mail alone: its user has just asked for it

	// To the office's superusers: of a user who is locked, and of what an operator did on the command line.
	NoticeUserLocked  Notice = "user_locked"
	NoticeForcedReset Notice = "forced_reset"
	NoticeForcedOff   Notice = "forced_off" // written by package office
)

// Told is a notice with the moment of what it tells.
type Told struct {
	ID   int64
	Kind Notice
	At   time.Time
}

// notify leaves the user a notice that is about no change, and writes to them.
func (s *Service) notify(ctx context.Context, tx pgx.Tx, userID int64, n Notice, client session.Client) error {
	return s.ways.Notify(ctx, tx, userID, string(n), client.Origin())
}

// Notices returns what the user has not put away yet, the newest first, and of each kind the newest alone.
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
