package dbtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
)

// Database is a test's own database with what a fixture asks of it in SQL: fixtures embed it. Each method ends
// the test when its statement fails.
type Database struct {
	t    testing.TB
	pool *db.Pool
}

// New returns a Database and its pool of 20 connections.
func New(t testing.TB) (Database, *db.Pool) {
	t.Helper()
	pool := Pool(t)
	return Of(t, pool), pool
}

// Of returns the Database of a pool.
func Of(t testing.TB, pool *db.Pool) Database { return Database{t, pool} }

// Exec runs a statement; without arguments also several, parted by semicolons.
func (d Database) Exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.pool.Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

// Int returns the one number that a query finds.
func (d Database) Int(sql string, args ...any) int {
	d.t.Helper()
	return int(d.ID(sql, args...))
}

// ID is Int for identifiers.
func (d Database) ID(sql string, args ...any) int64 {
	d.t.Helper()
	return One[int64](d.t, d.pool, sql, args...)
}

// Text returns the one value that a query finds as text; "" for NULL.
func (d Database) Text(sql string, args ...any) string {
	d.t.Helper()
	if s := One[*string](d.t, d.pool, sql, args...); s != nil {
		return *s
	}
	return ""
}

// Querier is a pool or a transaction.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// One returns the single column of the single row that a query finds.
func One[T any](t testing.TB, q Querier, sql string, args ...any) (v T) {
	t.Helper()
	if err := q.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
