package users

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// AskReset leaves the superusers a request to reset another user's second factor. Accountants may ask;
// asking twice does no harm. twofactor.Service.Reset grants it.
// It returns account.ErrUnknown, fault.Forbidden.
func (s *Service) AskReset(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	if id == sess.User.ID {
		return fault.Forbidden
	}
	return s.act(ctx, sess, asking, func(tx pgx.Tx) error {
		user, err := s.lock(ctx, tx, sess, id)
		if err != nil {
			return err
		}
		n, err := s.q.ResetRequestPut(ctx, tx, dbsqlc.ResetRequestPutParams{UserID: id, AskedBy: sess.User.ID})
		if err != nil {
			return fmt.Errorf("ask for a reset of user %d: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		return s.write(ctx, tx, sess, client, audit.ResetAsked, audit.Person{ID: id, Name: user.Username}, "")
	})
}

// DeclineReset takes a request away without a reset. It returns account.ErrUnknown, fault.Forbidden.
func (s *Service) DeclineReset(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.act(ctx, sess, quick, func(tx pgx.Tx) error {
		user, err := s.lock(ctx, tx, sess, id)
		if err != nil {
			return err
		}
		n, err := s.q.ResetRequestDelete(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("decline a reset of user %d: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		return s.write(ctx, tx, sess, client, audit.ResetDeclined, audit.Person{ID: id, Name: user.Username}, "")
	})
}

// Request is a reset that somebody asked for.
type Request struct {
	User account.User
	By   string
	At   time.Time
}

// Requests returns the office's open requests, the oldest first, at most a hundred.
func (s *Service) Requests(ctx context.Context, officeID int64) ([]Request, error) {
	rows, err := s.q.ResetRequestList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	requests := make([]Request, len(rows))
	for i, r := range rows {
		requests[i] = Request{
			account.User{ID: r.ID, OfficeID: officeID, Username: r.Username, Name: r.Name}, r.AskedBy, r.AskedAt,
		}
	}
	return requests, nil
}
