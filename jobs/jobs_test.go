package jobs

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestArgumentsHoldIDsAndNothingElse(t *testing.T) {
	raw, err := json.Marshal(SendCode{ChallengeID: 7, SendNo: 2})
	if err != nil || string(raw) != `{"challenge_id":7,"send_no":2}` {
		t.Errorf("%s, %v", raw, err)
	}
}

// Every type of this package with a Kind is a job: Register gives each a worker, or River would refuse it.
func TestEveryJobHasAWorker(t *testing.T) {
	notTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//nolint:staticcheck // one folder, no build tags
	packages, err := parser.ParseDir(token.NewFileSet(), ".", notTests, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "Kind" && f.Recv != nil {
				kinds++
			}
			return true
		})
	}
	registered := 0
	for _, add := range []func(*river.Workers) error{
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &sendCodeWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &upkeepWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &retainWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &remindWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &resealWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &keepEvidenceWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &sendMailWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &answerForgottenWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &rotateSigningKeysWorker{}) },
		func(w *river.Workers) error { return river.AddWorkerSafely(w, &tellLogOutWorker{}) },
	} {
		if add(Register(nil, nil, nil, 0, nil, nil, nil, nil, nil, nil, nil, Evidence{}, nil)) == nil {
			t.Error("Register leaves a job without its worker")
		}
		registered++
	}
	if kinds != registered {
		t.Errorf("there are %d jobs, and %d are checked here", kinds, registered)
	}
}

func TestRetriesComeSoon(t *testing.T) {
	w := &sendCodeWorker{}
	for tries, want := range []time.Duration{1, 2, 3, 5, 5, 5} {
		job := &river.Job[SendCode]{JobRow: &rivertype.JobRow{Errors: make([]rivertype.AttemptError, tries)}}
		if got := time.Until(w.NextRetry(job)).Round(time.Second); got != want*time.Second {
			t.Errorf("after %d tries the wait is %s", tries, got)
		}
	}
}

func TestAMessageHasOneJob(t *testing.T) {
	pool, err := pgxpool.New(context.Background(), dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	client, err := NewInserter(pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := NewOutbox(client).SendCode(t.Context(), tx, 7, 1, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := NewOutbox(client).SendCode(t.Context(), tx, 7, 2, true); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(t.Context(), "select count(*) from river_job").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d jobs, %v", n, err)
	}
	for id, urgent := range []bool{false, true} {
		if err := NewOutbox(client).SendMail(t.Context(), tx, int64(id), urgent); err != nil {
			t.Fatal(err)
		}
	}
	var first string
	if err := tx.QueryRow(t.Context(), `select args::text from river_job where kind = 'send_mail'
		order by priority limit 1`).Scan(&first); err != nil || first != `{"mail_id": 1}` {
		t.Errorf("the first mail is %s, %v", first, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

// A client's limiter holds every notification but the first of its cooldown back: the code waits for the next poll.
func TestEveryCodeIsTold(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(context.Background(), dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	client, err := NewInserter(pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := pgx.Connect(t.Context(), pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close(context.Background()) }()
	if _, err := listener.Exec(t.Context(), `listen "public.river_insert"`); err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			return NewOutbox(client).SendCode(t.Context(), tx, i, 1, true)
		})
		if err != nil {
			t.Fatal(err)
		}
		told, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := listener.WaitForNotification(told); err != nil {
			t.Errorf("code %d: %v", i, err)
		}
		cancel()
		time.Sleep(2 * fetchCooldown)
	}
}
