package main

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// watch writes a row every moment, by the way to the primary that the nodes take, but past PgBouncer: when a write is
// taken again is when the failover is over, and what was taken must be there in the end.
type watch struct {
	url string

	mu    sync.Mutex
	taken []written
}

// written is a row whose commit was told.
type written struct {
	n  int
	at time.Time
}

const (
	watchEvery  = 50 * time.Millisecond
	watchWithin = 500 * time.Millisecond
)

// newWatch makes the table, in a database of its own.
func (c *cluster) newWatch() *watch {
	if err := c.admin("postgres", "create database watch"); err != nil {
		c.t.Fatal(err)
	}
	if err := c.admin("watch", "create table writes (n int primary key)"); err != nil {
		c.t.Fatal(err)
	}
	return &watch{url: c.superuser("watch")}
}

// run writes until ctx ends.
func (w *watch) run(ctx context.Context) {
	var conn *pgx.Conn
	for n := 0; ctx.Err() == nil; n++ {
		var err error
		if conn, err = w.write(ctx, conn, n); err != nil && conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
			conn = nil
		}
		time.Sleep(watchEvery)
	}
	if conn != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
}

// write writes one row, over a connection that it makes when there is none.
func (w *watch) write(ctx context.Context, conn *pgx.Conn, n int) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, watchWithin)
	defer cancel()
	if conn == nil {
		var err error
		if conn, err = pgx.Connect(ctx, w.url); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Exec(ctx, "insert into writes values ($1)", n); err != nil {
		return conn, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = append(w.taken, written{n, time.Now()})
	return conn, nil
}

// after returns the moment of the first write that was taken after a moment; none yet is not ok.
func (w *watch) after(moment time.Time) (at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range w.taken {
		if row.at.After(moment) {
			return row.at, true
		}
	}
	return at, false
}

// lost is how many rows are gone whose commit was told, of how many.
func (w *watch) lost(ctx context.Context) (gone, of int, err error) {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "select n from writes")
	if err != nil {
		return 0, 0, err
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return 0, 0, err
	}
	there := map[int]bool{}
	for _, n := range kept {
		there[n] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range w.taken {
		if !there[row.n] {
			gone++
		}
	}
	return gone, len(w.taken), nil
}
