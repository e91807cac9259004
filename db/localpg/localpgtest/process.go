// Package localpgtest asks a local server what only tests want to know.
package localpgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PID returns the process of the server at url, a URL of localpg. The cluster trusts whoever enters its socket's
// folder, so its superuser can be asked.
func PID(t testing.TB, url string) int {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.User, config.Database = "postgres", "postgres"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var pid int
	sql := `select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`
	if err := conn.QueryRow(context.Background(), sql).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
