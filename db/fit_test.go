package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
)

// run runs a statement outside any transaction.
func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestADatabaseThatIsNotFitIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	name := func(database string) string { return strings.Replace(url, "/test_", "/"+database+"_test_", 1) }
	for _, encoding := range []string{"latin1", "sql_ascii"} {
		other := name(encoding)
		made, _, _ := strings.Cut(other[strings.LastIndex(other, "/"+encoding)+1:], "?")
		run(t, url, "create database "+made+" encoding '"+encoding+"' lc_collate 'C' lc_ctype 'C' template template0")
		if err := db.Migrate(context.Background(), other); err == nil || !strings.Contains(err.Error(), "--encoding=UTF8") {
			t.Errorf("%s: %v", encoding, err)
		}
	}
	run(t, url, "create schema closed; revoke create on schema closed from current_user")
	closed := url + "&search_path=closed"
	if err := db.Migrate(context.Background(), closed); err == nil || !strings.Contains(err.Error(),
		"grant create on schema closed to nightlatch") {
		t.Errorf("a schema that is closed: %v", err)
	}
	if err := db.Migrate(context.Background(), url); err != nil {
		t.Errorf("one that is fit: %v", err)
	}
}

func TestAServerThatTurnsReadOnlyIsNotReadyAndLeft(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), dbtest.URL(t)
	open := func() *db.Pool {
		pgx, err := db.Connect(ctx, url, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pgx.Close)
		pool := db.NewPool(pgx)
		if err := db.Current(ctx, pool); err != nil {
			t.Fatalf("before: %v", err)
		}
		// As it is for a connection that outlives a fail-over.
		if _, err := pool.Exec(ctx, "set default_transaction_read_only = on"); err != nil {
			t.Fatal(err)
		}
		return pool
	}
	asked := open()
	if err := db.Current(ctx, asked); err == nil || !db.Unavailable(err) {
		t.Errorf("a server that takes no writes is ready, or a fault: %v", err)
	}
	if err := db.Current(ctx, asked); err != nil {
		t.Errorf("the connection is kept: %v", err)
	}
	write := "update offices set name = name"
	written := open()
	if _, err := written.Exec(ctx, write); err == nil || !db.Unavailable(err) {
		t.Errorf("a write answers %v", err)
	}
	if _, err := written.Exec(ctx, write); err != nil {
		t.Errorf("the next write goes the same way: %v", err)
	}
}
