// Command statement runs SQL against the database of an installation that serves, for tests in the browser: it moves
// the rows that a test would otherwise wait for.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/localpg"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: statement DATA-FOLDER SQL")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "statement:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, sql string) (err error) {
	server, err := localpg.Start(ctx, data, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{filepath.Join(".tools", "postgres", "bin")},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
