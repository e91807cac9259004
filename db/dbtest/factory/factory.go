// Package factory puts rows into a test's database: one function a table, which fails the test, with options
// whose zero values are defaults. It writes plain SQL and imports no domain package but the audit log, so that
// tests inside of any package may use it. A time is said as an age: so long ago.
package factory

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// DB is a pool or a transaction.
type DB = dbsqlc.DBTX

// Logger returns a logger that nobody reads.
func Logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// AuditLog returns an audit log that writes to the table alone.
func AuditLog() *audit.Log { return audit.NewLog(Logger()) }

// Keys returns a ring of one new key.
func Keys(t testing.TB) *keys.Ring {
	t.Helper()
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// Outbox is an outbox whose jobs nobody works: what was asked for stands in the messages.
type Outbox struct{}

// SendCode does nothing.
func (Outbox) SendCode(context.Context, pgx.Tx, int64, int, bool) error { return nil }

// AnswerForgotten does nothing.
func (Outbox) AnswerForgotten(context.Context, pgx.Tx, int64) error { return nil }

// insert runs an insert that returns its whole row.
func insert[Row any](t testing.TB, db DB, sql string, args pgx.NamedArgs) Row {
	t.Helper()
	rows, err := db.Query(context.Background(), sql+" returning *", args)
	if err == nil {
		var row Row
		if row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Row]); err == nil {
			return row
		}
	}
	t.Fatalf("factory: %s: %v", sql, err)
	panic("unreachable")
}

// or returns the first value that is not zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// null returns nil for zero, which stands for NULL.
func null[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
