package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// readOnly is PostgreSQL's code for a write where none is taken: on a server that a fail-over made a standby.
const readOnly = "25006"

var errReadOnly = errors.New("the database takes no writes: it is a standby, or default_transaction_read_only is on")

// leaveReadOnly gives a connection up on which a write was refused, so that the next one is opened where the address
// leads by then: after a fail-over the old connections live on, to the wrong server.
func leaveReadOnly(cfg *pgconn.Config) {
	before := cfg.OnPgError
	cfg.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		keep := before == nil || before(conn, err)
		return keep && err.Code != readOnly
	}
}

// writable returns nil where writes are taken. Else all connections are opened anew, as they come to be needed.
func writable(ctx context.Context, pool *Pool) error {
	var refused bool
	if err := pool.QueryRow(ctx, "select current_setting('transaction_read_only')::boolean").Scan(&refused); err != nil {
		return fmt.Errorf("ask whether the database takes writes: %w", err)
	}
	if refused {
		pool.pgx.Reset()
		return errReadOnly
	}
	return nil
}
