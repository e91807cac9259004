// Package dbtest gives each test a real, migrated PostgreSQL database of its own.
//
// A package's TestMain calls Main, which starts a private server with fsync off and migrates one template;
// Database then copies the template in about 20 ms.
package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
)

const template = "nightlatch_template"

// server is the private server of this test process; TestMain is the only writer, before any test runs.
var (
	server *localpg.Server
	made   atomic.Int64
)

// Main runs a package's tests with a server. A missing PostgreSQL fails the run: nothing is skipped.
func Main(m interface{ Run() int }) {
	os.Exit(run(m))
}

func run(m interface{ Run() int }) int {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	// Directly under the temp folder: root's server runs as another account, which must get in.
	dir, err := os.MkdirTemp("", "nightlatch-test-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err = localpg.Start(ctx, dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{toolsPostgres()}, Fast: true,
	})
	if err != nil {
		return fail(err)
	}
	defer func() { _ = server.Destroy(context.Background()) }()
	if err := create(ctx, template, "template1"); err != nil {
		return fail(err)
	}
	if err := db.Migrate(ctx, server.DatabaseURL(template)); err != nil {
		return fail(err)
	}
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "dbtest:", err)
	return 1
}

// toolsPostgres is where `make postgres` puts a server, seen from any package's folder.
func toolsPostgres() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", ".tools", "postgres", "bin")
}

func create(ctx context.Context, name, from string) error {
	conn, err := pgx.Connect(ctx, server.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, fmt.Sprintf("create database %s template %s strategy file_copy", name, from))
	return err
}

// URL makes a database for this test and returns how to connect to it.
func URL(t testing.TB) string {
	t.Helper()
	if server == nil {
		t.Fatal("dbtest: this package has no TestMain that calls dbtest.Main")
	}
	name := fmt.Sprintf("test_%d", made.Add(1))
	if err := create(context.Background(), name, template); err != nil {
		t.Fatalf("dbtest: make a database: %v", err)
	}
	return server.DatabaseURL(name)
}

// Pool returns a pool of 20 connections to a database of this test's own.
func Pool(t testing.TB) *db.Pool {
	t.Helper()
	return Connect(t, URL(t))
}

// Connect returns a pool of 20 connections to a database that URL made.
func Connect(t testing.TB, url string) *db.Pool {
	t.Helper()
	pool, err := db.Connect(context.Background(), url, 20)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return db.NewPool(pool)
}
