package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
)

// openDatabase returns the URL of the database: what DATABASE_URL says, or a server of our own, which is then migrated
// here. With exclusive it refuses to share that server with another serve. closeDB stops a server that was started
// here.
func openDatabase(ctx context.Context, cfg config, exclusive bool) (url string, closeDB func(), err error) {
	if cfg.databaseURL != "" {
		return cfg.databaseURL, func() {}, nil
	}
	if err := makeData(cfg); err != nil {
		return "", nil, err
	}
	server, err := localpg.Start(ctx, cfg.data, localpg.Options{
		BinDir: cfg.pgBinDir, ExtraBinDirs: []string{filepath.Join(".tools", "postgres", "bin")}, Exclusive: exclusive,
	})
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
