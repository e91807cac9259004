package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/db/localpg/localpgtest"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// postgres is a server of one test's own, to be broken: dbtest's is everybody's.
type postgres struct {
	t      testing.TB
	dir    string
	mu     sync.Mutex // one fault at a time
	server *localpg.Server
}

const faultDatabase = "faults"

// newPostgres starts a server with a migrated database. It skips fsync, which saves no commit from a server that dies
// while its machine lives, and nothing else: a commit that somebody was told of is kept.
func newPostgres(t testing.TB) *postgres {
	t.Helper()
	// Directly under the temp folder: root's server runs as another account, which must get in.
	dir, err := os.MkdirTemp("", "nightlatch-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &postgres{t: t, dir: dir}
	p.start()
	t.Cleanup(func() { _ = p.server.Destroy(context.Background()) })
	p.admin("create database " + faultDatabase)
	// What is set for a database wins over the command line, where localpg sets it off.
	p.admin("alter database " + faultDatabase + " set synchronous_commit = on")
	if err := db.Migrate(t.Context(), p.url()); err != nil {
		t.Fatal(err)
	}
	return p
}

// installOnOwn is install with a server of its own.
func installOnOwn(t testing.TB, steps ...smstest.Step) (*installation, *postgres) {
	t.Helper()
	p := newPostgres(t)
	return installOn(t, p.url(), steps...), p
}

func (p *postgres) url() string { return p.server.DatabaseURL(faultDatabase) }

func (p *postgres) start() {
	p.t.Helper()
	_, here, _, _ := runtime.Caller(0)
	tools := filepath.Join(filepath.Dir(here), "..", "..", ".tools", "postgres", "bin")
	server, err := localpg.Start(context.Background(), p.dir, localpg.Options{BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{tools}, Fast: true})
	if err != nil {
		p.t.Fatalf("start PostgreSQL: %v", err)
	}
	p.server = server
}

func (p *postgres) admin(sql string) {
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

// restart is pg_ctl restart -m immediate: every backend quits where it stands, and the next start recovers. down is how
// long nothing is there at all.
func (p *postgres) restart(down time.Duration) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	pid := localpgtest.PID(p.t, p.server.URL())
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, 20*time.Second, "PostgreSQL quits", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	_ = p.server.Stop(context.Background()) // it has ended already; this lets its folder go
	time.Sleep(down)
	p.start()
}

// saboteur is the name of a fault's own connections, which other faults spare; ours are the program's, which they hit.
const (
	saboteur = "saboteur"
	ours     = "datname = current_database() and application_name like 'nightlatch%'"
	// listening is River's connection for notifications: it listens, and is asked now and then whether it lives.
	listening = "(query ilike 'listen%' or query = '-- ping')"
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
	cfg.RuntimeParams["application_name"] = saboteur
	return pgx.ConnectConfig(context.Background(), cfg)
}

// terminate ends the program's backends that meet a condition on pg_stat_activity, and answers how many.
func (in *installation) terminate(where string) int {
	in.t.Helper()
	n := in.ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where " + ours + " and " + where)
	count, _ := strconv.Atoi(n)
	return count
}

// hold takes locks by a statement, in a transaction that stands open until the answered function is called.
func (in *installation) hold(sql string, args ...any) (release func()) {
	in.t.Helper()
	conn := sabotage(in.t, in.env["DATABASE_URL"])
	tx, err := conn.Begin(context.Background())
	if err != nil {
		in.t.Fatal(err)
	}
	if _, err := tx.Exec(context.Background(), sql, args...); err != nil {
		in.t.Fatalf("%s: %v", sql, err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

// holdWhile is hold that tolerates a database under other faults: it lets go after d, whatever happens.
func holdWhile(url string, d time.Duration, sql string, args ...any) error {
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

// takeEverySlot opens connections until the server has no more.
func (in *installation) takeEverySlot() (release func()) {
	in.t.Helper()
	var taken []*pgx.Conn
	for {
		conn, err := trySabotage(in.env["DATABASE_URL"])
		var full *pgconn.PgError
		if errors.As(err, &full) && full.Code == "53300" {
			break
		}
		if err != nil {
			in.t.Fatalf("connection %d: %v", len(taken), err)
		}
		taken = append(taken, conn)
		if len(taken) > 1000 {
			in.t.Fatal("the server never is full")
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
	in.t.Cleanup(release)
	return release
}

// anyOf draws one of several.
func anyOf[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// counted is a map's counts as words, in the order of the names.
func countedWords(counts map[string]int) string {
	var words []string
	for _, name := range sortedKeys(counts) {
		words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(words, ", ")
}
