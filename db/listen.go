package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// beat is how often the connection that listens is asked whether it still hears; hearWithin is how long that takes
	// at most.
	beat       = 250 * time.Millisecond
	hearWithin = 700 * time.Millisecond
	// proveWithin is how long a connection that is new may take to hear what the pool tells.
	proveWithin = 2 * time.Second
	proofs      = "nightlatch_proofs" // the channel of that
	// listenAgain is the wait before the next connection, when one broke.
	listenAgain = 200 * time.Millisecond
)

// errDeaf is what a pooler in transaction mode leads to, which takes LISTEN, answers every question, and passes on
// nothing that is told; and an address of another database.
var errDeaf = errors.New("what this database told was not heard: where DATABASE_URL leads to a pooler that keeps no " +
	"sessions, set DATABASE_LISTEN_URL to an address of the same database that leads past it")

// Listen tells changes of every process of the installation, over a connection of its own to url, until ctx ends.
// Whatever happens to the connection, it makes another one, and makes everything count for nothing that was read in
// between. A connection is believed when it has heard what was told over pool.
func Listen(ctx context.Context, url string, pool *Pool, changes *Changes, logger *slog.Logger) {
	for quiet := false; ctx.Err() == nil; quiet = true {
		err := listen(ctx, url, pool, changes)
		if ctx.Err() != nil {
			return
		}
		if !quiet {
			logger.WarnContext(ctx, "changes are not heard: every check asks the database", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

func listen(ctx context.Context, url string, pool *Pool, changes *Changes) error {
	conn, err := hearing(ctx, url, pool, func(payload string) {
		change, err := parseChange(payload)
		if err != nil {
			changes.Forget() // of a newer program: whatever it is about
			return
		}
		changes.Tell(change)
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	changes.Forget()
	for {
		asked := changes.now()
		if err := ping(ctx, conn); err != nil {
			return err
		}
		changes.Hear(asked)
		if err := wait(ctx, conn, beat, func() bool { return false }); err != nil {
			return err
		}
	}
}

// Hears returns an error that says why a process that listens at url would not hear what is told over pool.
func Hears(ctx context.Context, url string, pool *Pool) error {
	conn, err := hearing(ctx, url, pool, func(string) {})
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// hearing returns a connection that has heard what was told over pool. told is called with each change.
func hearing(ctx context.Context, url string, pool *Pool, told func(payload string)) (_ *pgx.Conn, err error) {
	address, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	cfg := address.ConnConfig
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "nightlatch changes"
	proof, proven := rand.Text(), false
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		if n.Channel == proofs {
			proven = proven || n.Payload == proof
			return
		}
		told(n.Payload)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to listen: %w", err)
	}
	defer func() {
		if err != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	if _, err := conn.Exec(ctx, "listen nightlatch_changes; listen "+proofs); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if _, err := pool.Exec(ctx, "notify "+proofs+", '"+proof+"'"); err != nil {
		return nil, fmt.Errorf("prove that changes are heard: %w", err)
	}
	if err := wait(ctx, conn, proveWithin, func() bool { return proven }); err != nil {
		return nil, err
	}
	if !proven {
		return nil, errDeaf
	}
	return conn, nil
}

// ping asks the server for an answer, which comes after everything that it had to tell.
func ping(ctx context.Context, conn *pgx.Conn) error {
	within, cancel := context.WithTimeout(ctx, hearWithin)
	defer cancel()
	if err := conn.Ping(within); err != nil {
		return fmt.Errorf("ask the connection that listens: %w", err)
	}
	return nil
}

// wait reads notifications for some time, or until one of them was enough.
func wait(ctx context.Context, conn *pgx.Conn, within time.Duration, enough func() bool) error {
	until, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for !enough() {
		err := conn.PgConn().WaitForNotification(until)
		switch {
		case err == nil:
		case until.Err() != nil && ctx.Err() == nil:
			return nil
		default:
			return fmt.Errorf("wait for changes: %w", err)
		}
	}
	return nil
}
