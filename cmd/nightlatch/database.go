package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// openDatabase answers where the database is: what DATABASE_URL says, or a server of our own, which is then
// migrated here. serving refuses to share it with another serve. close stops a server that was started here.
func openDatabase(ctx context.Context, cfg config, serving bool) (url string, closeDB func(), err error) {
	if cfg.databaseURL != "" {
		return cfg.databaseURL, func() {}, nil
	}
	if err := makeData(cfg); err != nil {
		return "", nil, err
	}
	server, err := localpg.Start(ctx, cfg.data, localpg.Options{BinDir: cfg.pgBinDir, ExtraBinDirs: []string{filepath.Join(".tools", "postgres", "bin")}, Exclusive: serving})
	if err != nil {
		return "", nil, err
	}
	closeDB = func() { _ = server.Stop(context.WithoutCancel(ctx)) }
	if err := db.Migrate(ctx, server.URL()); err != nil {
		closeDB()
		return "", nil, err
	}
	return server.URL(), closeDB, nil
}

func makeData(cfg config) error {
	if err := os.MkdirAll(cfg.data, 0o700); err != nil {
		return fmt.Errorf("make NIGHTLATCH_DATA: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, cfg config, out io.Writer) error {
	url, closeDB, err := openDatabase(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := db.Migrate(ctx, url); err != nil {
		return err
	}
	fmt.Fprintln(out, "The database is up to date.")
	return nil
}

// loadKeys reads the key file, and refuses a key that this database was not made with: every code and
// every authenticator would be unreadable.
func loadKeys(ctx context.Context, cfg config, pool *db.Pool) (*keys.Ring, error) {
	if cfg.keyFile == "" {
		return nil, errors.New("NIGHTLATCH_KEY_FILE is not set: name a file of mode 0600 with one base64 32-byte key a line (head -c 32 /dev/urandom | base64)")
	}
	load := keys.Load
	if cfg.keyFileMake {
		if err := makeData(cfg); err != nil {
			return nil, err
		}
		load = keys.LoadOrMake
	}
	ring, err := load(cfg.keyFile)
	if err != nil {
		return nil, err
	}
	q := dbsqlc.New()
	// A first start: the newest key of its file is the one that seals.
	if err := q.InstallationKeyRemember(ctx, pool, ring.Fingerprint()); err != nil {
		return nil, fmt.Errorf("remember the key's fingerprint: %w", err)
	}
	fingerprint, err := q.InstallationKey(ctx, pool)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read the key's fingerprint: %w", err)
	}
	if !ring.SealWith(fingerprint) {
		return nil, otherKey(cfg.keyFile, fingerprint)
	}
	return ring, nil
}
