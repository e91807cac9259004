package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrBusy means that every connection stayed in use for two seconds.
var ErrBusy = errors.New("every database connection is in use")

// Pool is a pgx pool that waits two seconds at most for a free connection (ErrBusy), so that an exhausted pool leads to
// a quick 503 and not to a page that hangs. It serves sqlc's queries as a DBTX.
type Pool struct {
	pgx     *pgxpool.Pool
	changes []*Changes
}

// NewPool wraps a pool that Connect opened. changes are told what is committed over it.
func NewPool(p *pgxpool.Pool, changes ...*Changes) *Pool { return &Pool{p, changes} }

func (p *Pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := p.pgx.Acquire(waiting)
	if err != nil {
		if ctx.Err() == nil && waiting.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return nil, err
	}
	return conn, nil
}

// Exec runs a statement that returns no rows.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	tag, err := conn.Exec(ctx, sql, args...)
	p.tell(conn)
	return tag, err
}

// Query runs a statement that returns rows; closing them gives the connection back.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &pooledRows{Rows: rows, conn: conn, pool: p}, nil
}

// QueryRow runs a statement that returns one row; scanning it gives the connection back.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	conn, err := p.acquire(ctx)
	if err != nil {
		return failedRow{err}
	}
	return pooledRow{conn.QueryRow(ctx, sql, args...), conn, p}
}

// Begin starts a transaction, which holds its connection until it ends.
func (p *Pool) Begin(ctx context.Context) (pgx.Tx, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &pooledTx{Tx: tx, conn: conn, pool: p}, nil
}

type pooledRows struct {
	pgx.Rows
	conn *pgxpool.Conn
	pool *Pool
}

// Next gives the connection back at the end of the rows, as pgx's own pool does.
func (r *pooledRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *pooledRows) Close() {
	r.Rows.Close()
	if r.conn != nil {
		r.pool.tell(r.conn)
		r.conn.Release()
		r.conn = nil
	}
}

type pooledRow struct {
	pgx.Row
	conn *pgxpool.Conn
	pool *Pool
}

func (r pooledRow) Scan(dest ...any) error {
	defer r.conn.Release()
	err := r.Row.Scan(dest...)
	r.pool.tell(r.conn)
	return err
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

type pooledTx struct {
	pgx.Tx
	conn *pgxpool.Conn
	pool *Pool
}

func (t *pooledTx) release() {
	if t.conn != nil {
		t.conn.Release()
		t.conn = nil
	}
}

func (t *pooledTx) Commit(ctx context.Context) error {
	if t.conn == nil {
		return pgx.ErrTxClosed
	}
	defer t.release()
	err := t.Tx.Commit(ctx)
	t.pool.tell(t.conn) // with an error, too: a commit whose answer was lost may have been one
	return err
}

func (t *pooledTx) Rollback(ctx context.Context) error {
	if t.conn == nil {
		return pgx.ErrTxClosed
	}
	defer t.release()
	forget(t.conn)
	return t.Tx.Rollback(ctx)
}

// broken reports whether err means that the connection broke while it was in use.
func broken(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		(err != nil && err.Error() == "conn closed")
}

// Stat returns how many connections are open, in use and waited for, without asking the database.
func (p *Pool) Stat() *pgxpool.Stat { return p.pgx.Stat() }
