// Package dbtest gives each test a real, migrated PostgreSQL database of its own.
//
// A package's TestMain calls Main, which starts a private server with fsync off and migrates one template;
// Database then copies the template in about 20 ms. Where many packages are tested, Prepare makes the server's cluster
// once, and each copies that.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// clusterFrom names the folder of a cluster that Prepare made, for the packages of one run.
const clusterFrom = "NIGHTLATCH_TEST_CLUSTER"

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
	if kept := os.Getenv(clusterFrom); kept != "" {
		// Owners and modes stay, as the server demands.
		if said, err := exec.CommandContext(ctx, "cp", "-a", kept+"/.", dir).CombinedOutput(); err != nil {
			return fail(fmt.Errorf("copy the cluster: %w: %s", err, said))
		}
		err = start(ctx, dir)
	} else {
		err = startNew(ctx, dir)
	}
	if err != nil {
		return fail(err)
	}
	defer func() { _ = server.Destroy(context.Background()) }()
	return m.Run()
}

// Prepare makes a cluster with the migrated template in an empty folder: for one run, since it knows of no change.
func Prepare(ctx context.Context, dir string) error {
	if err := startNew(ctx, dir); err != nil {
		return err
	}
	return server.Stop(ctx)
}

func start(ctx context.Context, dir string) (err error) {
	server, err = localpg.Start(ctx, dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{toolsPostgres()}, Fast: true,
	})
	return err
}

// startNew starts a server in an empty folder, and makes its template.
func startNew(ctx context.Context, dir string) error {
	if err := start(ctx, dir); err != nil {
		return err
	}
	err := create(ctx, template, "template1")
	if err == nil {
		err = db.Migrate(ctx, server.DatabaseURL(template))
	}
	if err != nil {
		return errors.Join(err, server.Destroy(ctx))
	}
	return nil
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
