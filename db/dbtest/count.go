package dbtest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nightlatch/nightlatch/db"
)

// Statements counts what a pool asks of the database: a test that says how many statements an act costs fails when
// somebody adds one.
type Statements struct {
	mu     sync.Mutex
	asked  []string
	commit int
}

// Counted returns a pool of 20 connections to a database of this test's own, pgx's view of it, and what it asks.
func Counted(t testing.TB) (*db.Pool, *pgxpool.Pool, *Statements) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(URL(t))
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	counted := &Statements{}
	cfg.MaxConns, cfg.ConnConfig.Tracer = 20, counted
	db.CollectChanges(cfg)
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return db.NewPool(pool), pool, counted
}

// TraceQueryStart notes a statement; it is pgx's.
func (s *Statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch sql := strings.TrimSpace(q.SQL); {
	case strings.HasPrefix(sql, "commit"):
		s.commit++
	case strings.HasPrefix(sql, "begin"), strings.HasPrefix(sql, "rollback"), strings.HasPrefix(sql, "-- ping"):
	default:
		s.asked = append(s.asked, sql)
	}
	return ctx
}

// TraceQueryEnd does nothing; it is pgx's.
func (s *Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Of returns the first lines of the statements that an act asks, without the begins and ends of transactions, and how
// many transactions it commits. What only one statement needs commits by itself, and is not counted there.
func (s *Statements) Of(act func()) (asked []string, commits int) {
	s.mu.Lock()
	s.asked, s.commit = nil, 0
	s.mu.Unlock()
	act()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sql := range s.asked {
		line, _, _ := strings.Cut(sql, "\n")
		asked = append(asked, line)
	}
	return asked, s.commit
}
