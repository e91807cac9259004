package application

import (
	"context"
	"fmt"
	"slices"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Openable returns the applications that the user of a session may open, by name: those too that open by way of a step
// of theirs.
func (s *Service) Openable(ctx context.Context, sess session.Session) ([]OfOffice, error) {
	all, err := s.OfOffice(ctx, sess.User.OfficeID)
	if err != nil {
		return nil, err
	}
	visitor := VisitorOf(sess)
	return slices.DeleteFunc(all, func(a OfOffice) bool {
		refusal := a.Door.Decide(visitor)
		return refusal != Allowed && !refusal.Mendable()
	}), nil
}

// OpensOnly reports whether a user wants a log-in to go straight on to the only application that they may open.
func (s *Service) OpensOnly(ctx context.Context, userID int64) (bool, error) {
	opens, err := s.q.UserOpensOnly(ctx, s.pool, userID)
	if err != nil {
		return false, fmt.Errorf("read where the log-in of user %d goes: %w", userID, err)
	}
	return opens, nil
}

// SetOpensOnly says whether it does.
func (s *Service) SetOpensOnly(ctx context.Context, userID int64, opens bool) error {
	err := s.q.UserOpensOnlySet(ctx, s.pool, dbsqlc.UserOpensOnlySetParams{UserID: userID, OpensOnly: opens})
	if err != nil {
		return fmt.Errorf("set where the log-in of user %d goes: %w", userID, err)
	}
	return nil
}
