package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/db/localpg/localpgtest"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// Postgres is a server of one test's own, to be broken: dbtest's is everybody's.
type Postgres struct {
	t      testing.TB
	dir    string
	mu     sync.Mutex // one fault at a time
	server *localpg.Server
}

const faultDatabase = "faults"

// newPostgres starts a server with a migrated database. It skips fsync, which saves no commit from a server that dies
// while its machine lives, and nothing else: a commit that somebody was told of is kept.
func newPostgres(t testing.TB) *Postgres {
	t.Helper()
	// Directly under the temp folder: root's server runs as another account, which must get in.
	dir, err := os.MkdirTemp("", "nightlatch-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Postgres{t: t, dir: dir}
	p.start()
	t.Cleanup(func() { _ = p.server.Destroy(context.Background()) })
	p.admin("create database " + faultDatabase)
	// What is set for a database wins over the command line, where localpg sets it off.
	p.admin("alter database " + faultDatabase + " set synchronous_commit = on")
	if err := db.Migrate(t.Context(), p.URL()); err != nil {
		t.Fatal(err)
	}
	return p
}

// InstallOnOwn is install with a server of its own.
func InstallOnOwn(t testing.TB, steps ...smstest.Step) (*Installation, *Postgres) {
	t.Helper()
	p := newPostgres(t)
	return InstallAt(t, p.URL(), steps...), p
}

// URL is the address of the migrated database.
func (p *Postgres) URL() string { return p.server.DatabaseURL(faultDatabase) }

func (p *Postgres) start() {
	p.t.Helper()
	_, here, _, _ := runtime.Caller(0)
	tools := filepath.Join(filepath.Dir(here), "..", "..", ".tools", "postgres", "bin")
	server, err := localpg.Start(context.Background(), p.dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{tools}, Fast: true,
	})
	if err != nil {
		p.t.Fatalf("start PostgreSQL: %v", err)
	}
	p.server = server
}

func (p *Postgres) admin(sql string) {
	p.t.Helper()
	conn, err := pgx.Connect(context.Background(), p.server.DatabaseURL("postgres"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

// Restart is pg_ctl restart -m immediate: every backend quits where it stands, and the next start recovers. down is how
// long nothing is there at all.
func (p *Postgres) Restart(down time.Duration) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	pid := localpgtest.PID(p.t, p.server.URL())
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		p.t.Fatal(err)
	}
	Eventually(p.t, 20*time.Second, "PostgreSQL quits", func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
	_ = p.server.Stop(context.Background()) // it has ended already; this lets its folder go
	time.Sleep(down)
	p.start()
}
