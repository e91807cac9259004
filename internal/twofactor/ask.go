package twofactor

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Ask returns the question that a proof of a kind answers, in this session: of a factor that the user has or, where it
// enrols, of a new one. Nothing is written: pages ask. It returns what judge returns, ErrOver when the user has nothing
// to answer with, and fault.NotFound for a kind that is proven otherwise.
func (s *Service) Ask(
	ctx context.Context, sess session.Session, kind factor.Kind, enrols bool,
) (question string, err error) {
	f, err := s.kind(kind)
	if err != nil {
		return "", err
	}
	asker, ok := f.(factor.Asker)
	if !ok {
		return "", fault.NotFound
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := judge(purposeFor(now, enrols), kind, now); err != nil {
			return err
		}
		question, err = asker.Ask(ctx, tx, owner(sess), enrols)
		return err
	})
	return question, err
}

// Items lists what a user has of a kind of which they may have several.
func (s *Service) Items(ctx context.Context, userID int64, kind factor.Kind) ([]factor.Item, error) {
	f, err := s.collection(kind)
	if err != nil {
		return nil, err
	}
	return f.Items(ctx, s.pool, userID)
}

// collection returns a kind of which users may have several; fault.NotFound when it is none.
func (s *Service) collection(kind factor.Kind) (factor.Collection, error) {
	f, err := s.kind(kind)
	if err != nil {
		return nil, err
	}
	c, ok := f.(factor.Collection)
	if !ok {
		return nil, fault.NotFound
	}
	return c, nil
}
