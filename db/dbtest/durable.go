package dbtest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
)

// Durable starts a server with PostgreSQL's default durability, for what measures commits, and returns how to connect
// to its migrated database. Every test's own server keeps nothing.
func Durable(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "nightlatch-durable-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	durable, err := localpg.Start(ctx, dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{toolsPostgres()},
	})
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() { _ = durable.Destroy(context.Background()) })
	if err := db.Migrate(ctx, durable.URL()); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return durable.URL()
}
