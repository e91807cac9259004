package program

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// Installation is a database with what stands on it, to be served by any number of nodes.
type Installation struct {
	T    testing.TB
	Env  map[string]string
	Pool *pgxpool.Pool
	SMS  *smstest.Server
}

// Password is that of every user and operator of the fixture.
const Password = "planted-Zebra-password-93"

// Install makes an installation that sends through a stand-in for Vonage playing the steps, and the office ACME,
// which demands two factors.
func Install(t testing.TB, steps ...smstest.Step) *Installation {
	t.Helper()
	return InstallAt(t, dbtest.URL(t), steps...)
}

// InstallAt is Install with a migrated database of the caller's.
func InstallAt(t testing.TB, url string, steps ...smstest.Step) *Installation {
	t.Helper()
	in := &Installation{T: t, SMS: smstest.NewServer(steps...)}
	t.Cleanup(in.SMS.Close)
	in.Env = Environment(map[string]string{
		"DATABASE_URL": url, "NIGHTLATCH_KEY_FILE": KeyFile(t, keys.Generate(), 0o600), "NIGHTLATCH_ADDR": "localhost:0",
		"SMS_PROVIDER": "vonage", "VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": APISecret, "VONAGE_FROM": "Nightlatch",
		"VONAGE_BASE_URL": in.SMS.BaseURL(),
	})
	in.Pool = PoolOf(t, url)
	// By the program, whose first command makes the key file the database's.
	Succeeds(t, in.Env, "", "office", "create", "--code", "ACME", "--name", "Acme Accountants")
	in.Exec("update offices set two_factor_required = true")
	return in
}

// PoolOf is a test's own way into a database.
func PoolOf(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 2
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// KeyFile writes a file of that mode, and returns its path.
func KeyFile(t testing.TB, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// passwordHash is the stored form of password, made once: a user costs no second of a core.
var passwordHash = sync.OnceValues(func() (string, error) {
	return account.NewHasher(account.OWASP()).Hash(context.Background(), Password)
})

// User makes a user of ACME with the password; with a number it is confirmed.
func (in *Installation) User(username, role, number string) {
	in.T.Helper()
	stored, err := passwordHash()
	if err != nil {
		in.T.Fatal(err)
	}
	in.Exec(`insert into users (office_id, username, name, role, password_hash)
		select id, $1, 'Somebody', $2, $3 from offices where code = 'ACME'`, username, role, stored)
	if number != "" {
		in.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at)
			select id, $2, 'NL', now() from users where username = $1`, username, number)
	}
}

// Crowd makes n users u1, u2 … with confirmed numbers and the password of one who exists.
func (in *Installation) Crowd(n int, like string) {
	in.T.Helper()
	in.Exec(`insert into users (office_id, username, name, role, password_hash)
		select office_id, 'u' || i, 'Somebody', 'user', password_hash from users, generate_series(1, $2::int) i
			where username = $1`, like, n)
	in.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at)
		select id, '+316574' || (10000 + id), 'NL', now() from users where username ~ '^u[0-9]+$'`)
}

// Exec executes a statement.
func (in *Installation) Exec(sql string, args ...any) {
	in.T.Helper()
	if _, err := in.Pool.Exec(context.Background(), sql, args...); err != nil {
		in.T.Fatalf("%s: %v", sql, err)
	}
}

// Ask returns one value of the database, as text; "" when there is none.
func (in *Installation) Ask(sql string, args ...any) string {
	in.T.Helper()
	var answer *string
	err := in.Pool.QueryRow(context.Background(), "select ("+sql+")::text", args...).Scan(&answer)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		in.T.Fatalf("%s: %v", sql, err)
	}
	if answer == nil {
		return ""
	}
	return *answer
}

// Count is Ask for a number.
func (in *Installation) Count(sql string, args ...any) int {
	in.T.Helper()
	n, err := strconv.Atoi(in.Ask(sql, args...))
	if err != nil {
		in.T.Fatal(err)
	}
	return n
}

// Dump is every table as text, without the columns that hold numbers by design.
func (in *Installation) Dump() map[string]string {
	in.T.Helper()
	rows, err := in.Pool.Query(context.Background(), `select table_schema || '.' || table_name
		from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
	if err != nil {
		in.T.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			in.T.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		in.T.Fatal(err)
	}
	dump := map[string]string{}
	for _, table := range tables {
		if table == "public.demo_messages" {
			continue
		}
		columns := "to_jsonb(t)"
		if slices.Contains([]string{"public.mobile_numbers", "public.former_numbers", "public.challenges"}, table) {
			columns += " - 'number'"
		}
		dump[table] = in.Ask("select string_agg((" + columns + ")::text, E'\\n') from " + table + " t")
	}
	if len(dump) < 20 || !strings.Contains(dump["public.river_job"], "challenge_id") {
		in.T.Fatalf("the dump has %d tables", len(dump))
	}
	return dump
}

// Metric waits until the metrics hold a line.
func (in *Installation) Metric(t *testing.T, want string) {
	t.Helper()
	Eventually(t, 10*time.Second, "the metrics have "+want, func() bool {
		res, err := http.Get("http://" + in.Env["NIGHTLATCH_METRICS_ADDR"] + "/metrics")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return strings.Contains(string(body), want)
	})
}
