package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Migrations holds our own migrations, in goose's format. A released one is never edited, and each one works while the
// previous release is still running.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// migrationLock is an arbitrary key: processes that start together migrate one after the other.
const migrationLock = 7_465_321_190

// Migrate brings the database to this program's schema: our migrations, then River's, under one lock.
// It is safe to run again, and by several processes at once.
func Migrate(ctx context.Context, url string) error {
	cfg, err := parseAddress(url)
	if err != nil {
		return err
	}
	cfg.MaxConns = 3
	// A migration may run for long, and so may the wait for another process's.
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	cfg.ConnConfig.RuntimeParams["lock_timeout"] = "10s"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if err := takeLock(ctx, conn.Conn()); err != nil {
			return err
		}
		defer func() {
			_, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", migrationLock)
		}()
		if err := fit(ctx, conn.Conn()); err != nil {
			return err
		}
		if err := migrateOurs(ctx, pool); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return migrateRivers(ctx, pool)
	})
}

// fit returns nil for a database that the schema can be made in, and else what to do.
func fit(ctx context.Context, conn *pgx.Conn) error {
	var role, database, schema, encoding string
	var mayCreate, has bool
	err := conn.QueryRow(ctx, `select quote_ident(current_user), quote_ident(current_database()),
			coalesce(quote_ident(current_schema()), 'public'), current_setting('server_encoding'),
			coalesce(has_schema_privilege(current_schema(), 'create'), false), to_regclass('goose_db_version') is not null`).
		Scan(&role, &database, &schema, &encoding, &mayCreate, &has)
	switch {
	case err != nil:
		return fmt.Errorf("look at the database: %w", err)
	case has: // it was fit once
		return nil
	case encoding != "UTF8":
		return fmt.Errorf("the database %s is in %s, in which names of people are lost or counted wrongly: make one in "+
			"UTF8, as its server's superuser, with createdb --owner=%s --encoding=UTF8 --template=template0 nightlatch",
			database, encoding, role)
	case !mayCreate:
		return fmt.Errorf("the role %s may not make tables in the schema %s: as the server's superuser, run in the "+
			"database %s: grant create on schema %s to %s", role, schema, database, schema, role)
	}
	return nil
}

// takeLock polls for the lock: lock_timeout would end a waiting pg_advisory_lock.
func takeLock(ctx context.Context, conn *pgx.Conn) error {
	for {
		var got bool
		if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", migrationLock).Scan(&got); err != nil {
			return fmt.Errorf("lock for migration: %w", err)
		}
		if got {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func migrateOurs(ctx context.Context, pool *pgxpool.Pool) error {
	sqlDB := stdlib.OpenDBFromPool(pool)
	defer func() { _ = sqlDB.Close() }()
	ours, err := fs.Sub(Migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, ours)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func migrateRivers(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("migrate River: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River: %w", err)
	}
	return nil
}

// Current returns nil when the schema is at least as new as this program, and otherwise an error that says what is
// missing and how to get it.
func Current(ctx context.Context, pool *Pool) error {
	if err := writable(ctx, pool); err != nil {
		return err
	}
	var have int64
	newest := "select coalesce(max(version_id), 0) from goose_db_version where is_applied"
	if err := pool.QueryRow(ctx, newest).Scan(&have); err != nil {
		if Unavailable(err) {
			return fmt.Errorf("ask for the schema's version: %w", err)
		}
		return fmt.Errorf("the database has no schema yet: run nightlatch migrate (%w)", err)
	}
	want, err := newestMigration()
	if err != nil {
		return err
	}
	if have < want {
		return fmt.Errorf("the database is at migration %d and this program needs %d: run nightlatch migrate", have, want)
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool.pgx), nil)
	if err != nil {
		return err
	}
	valid, err := migrator.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("ask for River's version: %w", err)
	}
	if !valid.OK {
		return errors.New("the tables of River are older than this program needs: run nightlatch migrate")
	}
	return nil
}

func newestMigration() (int64, error) {
	files, err := fs.Glob(Migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, f := range files {
		v, err := goose.NumericComponent(f)
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}
