package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/jobs"
)

// vonagesRate is what the provider takes a second: what is measured is told as a multiple of it.
const vonagesRate = 30

// house is an installation with a provider that answers at once.
type house struct {
	b        testing.TB
	url      string
	factors  *twofactor.Service
	web      *db.Pool
	outbox   *jobs.Outbox
	users    []account.User
	provider *httptest.Server
	carriers message.Carriers
	sent     atomic.Int64
	began    float64 // seconds of CPU
}

func newHouse(b *testing.B) *house {
	b.Helper()
	h := &house{b: b, url: dbtest.Durable(b)}
	h.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		n := h.sent.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"message-count":"1","messages":[{"to":%q,"message-id":"%016X","status":"0",`+
			`"remaining-balance":"12.34","message-price":"0.05","network":"20408"}]}`, r.Form.Get("to"), n)
	}))
	b.Cleanup(h.provider.Close)
	router, err := sms.Open(sms.Providers(), sms.Config{Provider: "vonage", Env: map[string]string{
		"VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": "not-a-secret", "VONAGE_FROM": "Nightlatch",
		"VONAGE_BASE_URL": h.provider.URL + "/sms",
	}}, h.provider.URL, nil)
	if err != nil {
		b.Fatal(err)
	}
	h.carriers = message.NewCarriers(router, message.NewWords("Nightlatch", "localhost"))
	pool := h.connect(8)
	h.web = db.NewPool(pool)
	client, err := jobs.NewInserter(pool, factory.Logger())
	if err != nil {
		b.Fatal(err)
	}
	h.outbox = jobs.NewOutbox(client)
	h.factors = h.service(h.web)
	return h
}

func (h *house) connect(connections int32) *pgxpool.Pool {
	h.b.Helper()
	pool, err := db.Connect(context.Background(), h.url, connections)
	if err != nil {
		h.b.Fatal(err)
	}
	h.b.Cleanup(pool.Close)
	return pool
}

func (h *house) service(pool *db.Pool) *twofactor.Service {
	log := factory.AuditLog()
	sessions := session.NewStore(pool, log)
	ways := account.NewWays(account.NoMail{}, sessions, log)
	return twofactor.New(pool, factory.Keys(h.b), sessions, h.outbox, ways, log, time.Now, "Nightlatch")
}

// people makes n more users, a hundred an office, each with a number of their own.
func (h *house) people(b *testing.B) {
	b.Helper()
	h.b, h.users = b, nil
	exec := func(sql string, args ...any) {
		if _, err := h.web.Exec(context.Background(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("truncate sends, messages, challenges, receipts, river_job cascade")
	rows, err := h.web.Query(context.Background(), `
		with o as (insert into offices (code, name, two_factor_required)
			select 'B' || upper(left(md5(random()::text), 12)), 'Office', true
			from generate_series(0, $1::int / 100) returning id),
		c as (insert into office_countries (office_id, country) select id, 'NL' from o),
		u as (insert into users (office_id, username, name, role, password_hash, budgets_since)
			select (select min(id) from o) + i / 100, 'user' || i, 'User', 'user', 'x', now() - interval '1 year'
			from generate_series(0, $1::int - 1) i returning id, office_id, username),
		n as (insert into mobile_numbers (user_id, number, country, confirmed_at)
			select id, '+316' || lpad(id::text, 8, '0'), 'NL', now() from u)
		select id, office_id, username from u`, b.N)
	if err != nil {
		b.Fatal(err)
	}
	h.users, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u account.User, err error) {
		u.Role, u.PasswordVersion = account.RoleUser, 1
		return u, row.Scan(&u.ID, &u.OfficeID, &u.Username)
	})
	if err != nil {
		b.Fatal(err)
	}
	exec("analyze")
}

// logIn begins the log-ins of all users, eight at once: what follows a right password, up to the job of the code.
func (h *house) logIn() {
	h.b.Helper()
	next := make(chan account.User, len(h.users))
	for _, u := range h.users {
		next <- u
	}
	close(next)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for u := range next {
				client := session.Client{Address: fmt.Sprintf("10.%d.%d.%d", u.ID>>16&255, u.ID>>8&255, u.ID&255),
					Browser: []byte(u.Username)}
				if _, _, err := h.factors.Begin(context.Background(), u, "en", client); err != nil {
					h.b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// work starts a process that works jobs, as serve does.
func (h *house) work() {
	h.b.Helper()
	pool := h.connect(8)
	domain := db.NewPool(pool)
	none := func() time.Duration { return 0 }
	messages := message.New(domain, h.factors, h.carriers, h.outbox, noMeter{}, factory.Logger(), none, 100_000)
	workers := jobs.Register(messages, h.factors, nil, 0, nil, nil, nil, nil, nil, nil, nil, jobs.Evidence{}, nil)
	client, err := jobs.NewWorker(pool, slog.New(slog.DiscardHandler), workers, false)
	if err != nil {
		h.b.Fatal(err)
	}
	h.start(client)
}

func (h *house) start(client *river.Client[pgx.Tx]) {
	h.b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if err := client.Start(ctx); err != nil {
		h.b.Fatal(err)
	}
	h.b.Cleanup(func() { cancel(); <-client.Stopped() })
}

// all waits until a count of the database is b.N, and reports the rate as a multiple of the provider's.
func (h *house) all(b *testing.B, sql string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var n int
		if err := h.web.QueryRow(context.Background(), sql).Scan(&n); err != nil {
			b.Fatal(err)
		}
		if n >= b.N {
			break
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d", n, b.N)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/vonagesRate, "×rate")
	b.ReportMetric((cpu(b)-h.began)*1e6/float64(b.N), "cpu-µs/op")
}

const (
	acceptedAll  = "select count(*) from sends where state = 'sent'"
	completedAll = "select count(*) from river_job where state = 'completed' and kind in ('send_code', 'nothing')"
)

// BenchmarkDelivery measures, on one database with its default durability:
//
//   - nothing: what River itself costs, with jobs that do nothing
//   - send: the work of delivery, codes that wait are sent
//   - log-in: what follows a right password, up to the job of the code, many at once
//   - log-in-and-send: both at the same time
func BenchmarkDelivery(b *testing.B) {
	h := newHouse(b)
	b.Run("nothing", h.nothing)
	b.Run("send", func(b *testing.B) {
		h.people(b)
		h.logIn()
		h.begin(b)
		h.work()
		h.all(b, completedAll)
	})
	b.Run("log-in", func(b *testing.B) {
		h.people(b)
		h.begin(b)
		h.logIn()
		h.all(b, "select count(*) from messages")
	})
	b.Run("log-in-and-send", func(b *testing.B) {
		h.people(b)
		h.work()
		h.begin(b)
		h.logIn()
		h.all(b, acceptedAll)
	})
}

// begin starts the clock.
func (h *house) begin(b *testing.B) {
	b.Helper()
	h.began = cpu(b)
	b.ResetTimer()
}

// cpu returns the seconds of CPU that this process and its servers of PostgreSQL have used so far.
func cpu(b *testing.B) (seconds float64) {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	used, parents := map[string]float64{}, map[string]string{}
	for _, stat := range stats {
		raw, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(raw), " ")
		f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		parents[pid] = f[1]
		for _, ticks := range f[11:15] { // its own, and those of its children that have ended
			n, _ := strconv.ParseFloat(ticks, 64)
			used[pid] += n / 100
		}
	}
	for pid := range used {
		for p := pid; p != "" && p != "0"; p = parents[p] {
			if p == strconv.Itoa(os.Getpid()) {
				seconds += used[pid]
				break
			}
		}
	}
	return seconds
}

type nothing struct{}

func (nothing) Kind() string { return "nothing" }

func (h *house) nothing(b *testing.B) {
	h.people(b)
	pool := h.connect(8)
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[nothing]) error { return nil }))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger: factory.Logger(), Workers: workers, FetchCooldown: time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}},
	})
	if err != nil {
		b.Fatal(err)
	}
	many := make([]river.InsertManyParams, b.N)
	for i := range many {
		many[i].Args = nothing{}
	}
	if _, err := client.InsertManyFast(context.Background(), many); err != nil {
		b.Fatal(err)
	}
	h.begin(b)
	h.start(client)
	h.all(b, completedAll)
}

type noMeter struct{}

func (noMeter) Sent(string, sms.Class, time.Duration) {}
func (noMeter) Accepted(string, time.Duration)        {}
func (noMeter) Delivered(string, time.Duration)       {}
func (noMeter) Wasted(string)                         {}
func (noMeter) Received(string, sms.ReceiptStatus)    {}
