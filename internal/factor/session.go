package factor

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// PerSession counts tries against the session: Charge for the kinds that have no challenge of their own.
type PerSession struct{}

// Charge counts one try against the session.
func (PerSession) Charge(ctx context.Context, tx pgx.Tx, o Owner, _ bool) (Try, error) {
	left, err := dbsqlc.New().SessionProofCharge(ctx, tx, o.SessionID)
	return Try{Left: int(left)}, Over(err)
}

// Over reads "no such row" as ErrOver.
func Over(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrOver
	}
	return err
}
