package db

import (
	"context"
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
	// listenAgain is the wait before the next connection, when one broke.
	listenAgain = 200 * time.Millisecond
)

// Listen tells changes of every process of the installation, over a connection of its own, until ctx ends. Whatever
// happens to the connection, it makes another one, and makes everything count for nothing that was read in between.
func Listen(ctx context.Context, url string, changes *Changes, logger *slog.Logger) {
	for quiet := false; ctx.Err() == nil; quiet = true {
		err := listen(ctx, url, changes)
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

func listen(ctx context.Context, url string, changes *Changes) error {
	address, err := parseAddress(url)
	if err != nil {
		return err
	}
	cfg := address.ConnConfig
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "nightlatch changes"
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		change, err := parseChange(n.Payload)
		if err != nil {
			changes.Forget() // of a newer program: whatever it is about
			return
		}
		changes.Tell(change)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "listen nightlatch_changes"); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	changes.Forget()
	for {
		asked := changes.now()
		if err := ping(ctx, conn); err != nil {
			return err
		}
		changes.Hear(asked)
		if err := wait(ctx, conn); err != nil {
			return err
		}
	}
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

// wait reads notifications until the next beat is due.
func wait(ctx context.Context, conn *pgx.Conn) error {
	until, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	for {
		err := conn.PgConn().WaitForNotification(until)
		switch {
		case err == nil:
		case until.Err() != nil && ctx.Err() == nil:
			return nil
		default:
			return fmt.Errorf("wait for changes: %w", err)
		}
	}
}
