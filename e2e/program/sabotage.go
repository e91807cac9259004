package program

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Saboteur is the name of a fault's own connections, which other faults spare; ours are the program's, which they hit.
const (
	Saboteur = "saboteur"
	Ours     = "datname = current_database() and application_name like 'nightlatch%'"
	// listening is River's connection for notifications: it listens, and is asked now and then whether it lives.
	Listening = "(query ilike 'listen%' or query = '-- ping')"
)

// sabotage opens a connection with which a test breaks things.
func sabotage(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := trySabotage(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func trySabotage(url string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.ConnectTimeout = 5 * time.Second
	cfg.RuntimeParams["application_name"] = Saboteur
	return pgx.ConnectConfig(context.Background(), cfg)
}

// Terminate ends the program's backends that meet a condition on pg_stat_activity, and returns how many.
func (in *Installation) Terminate(where string) int {
	in.T.Helper()
	n := in.Ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where " + Ours + " and " + where)
	count, _ := strconv.Atoi(n)
	return count
}

// Hold takes locks by a statement, in a transaction that stands open until the answered function is called.
func (in *Installation) Hold(sql string, args ...any) (release func()) {
	in.T.Helper()
	conn := sabotage(in.T, in.Env["DATABASE_URL"])
	tx, err := conn.Begin(context.Background())
	if err != nil {
		in.T.Fatal(err)
	}
	if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
		in.T.Fatalf("%s: %v", sql, err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

// HoldWhile is hold that tolerates a database under other faults: it lets go after d, whatever happens.
func HoldWhile(url string, d time.Duration, sql string, args ...any) error {
	conn, err := trySabotage(url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := conn.Begin(context.Background())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(context.Background(), "set local lock_timeout = '1s'"); err != nil {
		return err
	}
	if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
		return err
	}
	time.Sleep(d)
	return tx.Rollback(context.Background())
}

// TakeEverySlot takes every connection that the server has, the program's too. What the program loses it tries to take
// back: it goes on until the program has been without any for a while.
func (in *Installation) TakeEverySlot() (release func()) {
	in.T.Helper()
	var taken []*pgx.Conn
	for quiet, deadline := 0, time.Now().Add(30*time.Second); quiet < 5; time.Sleep(20 * time.Millisecond) {
		taken = append(taken, in.fill()...)
		if quiet++; in.Terminate("true") > 0 {
			quiet = 0
		}
		if time.Now().After(deadline) {
			in.T.Fatal("the program takes its connections back every time")
		}
	}
	var once sync.Once
	release = func() {
		once.Do(func() {
			for _, c := range taken {
				_ = c.Close(context.Background())
			}
		})
	}
	in.T.Cleanup(release)
	return release
}

// fill opens connections until the server has no more.
func (in *Installation) fill() (taken []*pgx.Conn) {
	in.T.Helper()
	for len(taken) < 1000 {
		conn, err := trySabotage(in.Env["DATABASE_URL"])
		var full *pgconn.PgError
		if errors.As(err, &full) && full.Code == "53300" {
			return taken
		}
		if err != nil {
			in.T.Fatalf("connection %d: %v", len(taken), err)
		}
		taken = append(taken, conn)
	}
	in.T.Fatal("the server never is full")
	return nil
}

// Blocked reports whether somebody in this database waits for a lock.
func (in *Installation) Blocked() bool {
	return in.Ask(
		"select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") != "0"
}

// Later lets minutes go by for everything that waits: rows are moved back, since no test waits for a code to expire.
func (in *Installation) Later(minutes int) {
	in.Exec(`update challenges set created_at = created_at - $1 * interval '1 minute',
		asked_at = asked_at - $1 * interval '1 minute',
		expires_at = expires_at - $1 * interval '1 minute'`, minutes)
	in.Exec("update messages set queued_at = queued_at - $1 * interval '1 minute'", minutes)
}
