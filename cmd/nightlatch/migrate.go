package main

import (
	"context"
	"fmt"

	"github.com/nightlatch/nightlatch/db"
)

type migrateCommand struct{}

// Run brings the database to this program's schema. Twice does no harm.
func (migrateCommand) Run(ctx context.Context, cfg config, std stdio) error {
	url, closeDB, err := openDatabase(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := db.Migrate(ctx, url); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "The database is up to date.")
	return nil
}
