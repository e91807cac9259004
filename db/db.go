// Package db opens PostgreSQL, migrates it, and runs transactions in it.
//
// PostgreSQL holds the truth: rules that two concurrent requests could break are constraints in migrations/ and guarded
// statements in queries/. dbsqlc/ is generated from both.
package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Time-outs of every connection (ASVS 13.1.3). A statement that takes longer is reported as a fault; nobody waits for
// its page.
const (
	statementTimeout = "5s"
	lockTimeout      = "2s"
	idleInTxTimeout  = "10s"
	acquireTimeout   = 2 * time.Second
	connectTimeout   = 5 * time.Second
)

// Connect opens a pool of at most size connections and proves that one works.
func Connect(ctx context.Context, url string, size int32) (*pgxpool.Pool, error) {
	cfg, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = size
	cfg.MinIdleConns = min(2, size)
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "nightlatch"
	params["timezone"] = "UTC"
	params["statement_timeout"] = statementTimeout
	params["lock_timeout"] = lockTimeout
	params["idle_in_transaction_session_timeout"] = idleInTxTimeout
	leaveReadOnly(&cfg.ConnConfig.Config)
	CollectChanges(cfg)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return pool, nil
}

// InTx runs do in one transaction: committed when do returns nil, else rolled back.
func InTx(ctx context.Context, p *Pool, do func(tx pgx.Tx) error) error {
	tx, err := p.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing. The caller's context may have ended, and the rollback must still reach the server.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Unavailable reports whether err means that the database cannot serve now (down, restarting, full, locked, or without
// a free connection), so that the same request may succeed a little later.
func Unavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "53", "57": // connection, resources, operator intervention and statement_timeout
			return true
		}
		// lock_timeout, idle in transaction, deadlock, and a server that has become a standby or takes no writes
		return slices.Contains([]string{"55P03", "25P03", "40P01", readOnly}, pg.Code)
	}
	var connect *pgconn.ConnectError
	return errors.Is(err, ErrBusy) || errors.Is(err, errReadOnly) || errors.As(err, &connect) || pgconn.Timeout(err) ||
		pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) || broken(err)
}

// IsUnique reports whether err is the violation of a unique constraint.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}
