package session

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Entry is a session as its user sees it in the list.
type Entry struct {
	ID         int64
	Methods    []string
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
}

// List returns the living sessions of the acting session's user, at most 100, the last seen first.
func (s *Store) List(ctx context.Context, acting Session) ([]Entry, error) {
	rows, err := s.q.SessionList(ctx, s.pool, dbsqlc.SessionListParams{
		UserID: acting.User.ID, Level: leastLevel(acting.TwoFactorRequired),
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		entries[i] = Entry{r.ID, r.Methods, r.Address, r.UserAgent, r.CreatedAt, r.LastSeenAt}
	}
	return entries, nil
}

// Owns reports whether a living session is one of the acting session's user.
func (s *Store) Owns(ctx context.Context, acting Session, id int64) (bool, error) {
	owned, err := s.q.SessionOwned(ctx, s.pool, dbsqlc.SessionOwnedParams{ID: id, UserID: acting.User.ID})
	if err != nil {
		return false, fmt.Errorf("look for session %d: %w", id, err)
	}
	return owned, nil
}
