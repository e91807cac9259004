package main

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/db/localpg/localpgtest"
	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// postgresName is PostgreSQL, with all its processes, to the meter.
const postgresName = "postgres"

// startPostgres starts a server of the run's own, which is as durable as it comes.
func (b *bench) startPostgres() {
	dir := b.t.TempDir()
	server, err := localpg.Start(context.Background(), dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{filepath.Join(b.root, ".tools", "postgres", "bin")},
	})
	if err != nil {
		b.t.Fatalf("start PostgreSQL: %v", err)
	}
	b.t.Cleanup(func() { _ = server.Destroy(context.Background()) })
	b.postgres, b.postgresLog = server, filepath.Join(dir, "postgres", "server.log")
	b.meter.add(postgresName, localpgtest.PID(b.t, server.URL()))
}

// admin executes statements as the server's superuser, in a database, over one connection.
func (b *bench) admin(database string, statements ...string) {
	b.t.Helper()
	config, err := pgx.ParseConfig(b.postgres.DatabaseURL(database))
	if err != nil {
		b.t.Fatal(err)
	}
	config.User = "postgres"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range statements {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			b.t.Fatalf("%.200s: %v", sql, err)
		}
	}
}

// world is a database, and what is served over it.
type world struct {
	*program.Installation
	name string
	data fill
	node *process

	asked atomic.Int64 // codes
}

// newWorld makes a database with its data, and serves it.
func (b *bench) newWorld(name string, data fill, rate string) *world {
	b.admin("postgres", "create database "+name+" owner "+localpg.Database)
	url := b.postgres.DatabaseURL(name)
	if err := db.Migrate(context.Background(), url); err != nil {
		b.t.Fatal(err)
	}
	w := &world{Installation: program.InstallAt(b.t, url), name: name, data: data}
	w.Env["VONAGE_BASE_URL"] = b.provider.URL + "/sms"
	w.Env = program.With(w.Env, "SMS_RATE", rate, "NIGHTLATCH_TRUSTED_PROXIES", "127.0.0.1, ::1")
	b.fill(w)
	w.node = b.node(name, w.Env)
	return w
}

// rounder is a stand-in for the provider: as fast as it is told to be, and with as many messages a second.
type rounder struct {
	*httptest.Server
	accept, refuse *smstest.Stub
	rate           atomic.Int64 // 0 for no limit
	got            atomic.Int64 // messages that were taken
	throttled      atomic.Int64

	mu     sync.Mutex
	second time.Time
	taken  int64
	came   map[string][]smstest.Message // by their references
}

// newProvider starts the stand-in.
func newProvider() *rounder {
	p := &rounder{came: map[string][]smstest.Message{}}
	p.accept = smstest.New(func(m smstest.Message) {
		p.got.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.came[m.Ref] = append(p.came[m.Ref], m)
	})
	p.refuse = smstest.New(nil, smstest.Status("1").Times(1<<30))
	p.Server = httptest.NewServer(p)
	return p
}

// ServeHTTP takes a message, or refuses it when the second is full.
func (p *rounder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.full() {
		p.throttled.Add(1)
		p.refuse.ServeHTTP(w, r)
		return
	}
	p.accept.ServeHTTP(w, r)
}

// full counts a message against the second that runs.
func (p *rounder) full() bool {
	rate := p.rate.Load()
	if rate == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.second) >= time.Second {
		p.second, p.taken = now, 0
	}
	p.taken++
	return p.taken > rate
}

// slow makes the provider answer after d.
func (p *rounder) slow(d time.Duration) {
	if d == 0 {
		p.accept.Script()
		return
	}
	p.accept.Script(smstest.Slow(d).Times(1 << 30))
}

// calls are the messages that came, by their references: more than one where a call was made again.
func (p *rounder) calls() map[string][]smstest.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.came)
}

// text is the last text to a number; "" when there is none.
func (p *rounder) text(number string) (text string) {
	var last time.Time
	for _, calls := range p.calls() {
		for _, m := range calls {
			if m.To == number && m.At.After(last) {
				text, last = m.Text, m.At
			}
		}
	}
	return text
}
