package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestABacklogGoesInBatchesAndKeepsNoOtherFromItsTurn(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	factory.User(t, pool, factory.Office(t, pool, factory.OfficeOpts{}).ID, factory.UserOpts{})
	d.Exec(`insert into known_browsers (user_id, browser_hash, signed_in_at)
		select u.id, n::text::bytea, now() - interval '91 days'
		from generate_series(1, 12001) n, users u`)
	q, broken := dbsqlc.New(), errors.New("broken")
	var batches []int64
	err := db.Drain(t.Context(), pool,
		func(context.Context, dbsqlc.DBTX, int32) (int64, error) { return 0, broken },
		func(ctx context.Context, tx dbsqlc.DBTX, batch int32) (int64, error) {
			n, err := q.KnownBrowserDeleteOld(ctx, tx, batch)
			batches = append(batches, n)
			return n, err
		})
	if !errors.Is(err, broken) {
		t.Errorf("the error of the first is %v", err)
	}
	if left := d.Int("select count(*) from known_browsers"); left != 0 || len(batches) != 3 || batches[0] != batches[1] {
		t.Errorf("%d rows are left after batches of %v", left, batches)
	}
}

// What a stranger can make long, no statement may have to take whole: under statement_timeout it would never end.
func TestNoStatementTakesAllThatIsOver(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	over := regexp.MustCompile(`(<|<=) now\(\)`)
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range strings.Split(string(text), "-- name: ")[1:] {
			name, _, _ := strings.Cut(query, " ")
			sweeps := strings.Contains(query, "delete from") || regexp.MustCompile(`(Old|Expired|Gone|Dead) `).MatchString(query)
			ofOne := strings.Contains(query, "office_id = @office_id") // of what its superuser planned, which is little
			if !sweeps || ofOne || !over.MatchString(query) {
				continue
			}
			if seen++; !strings.Contains(query, "limit @batch") {
				t.Errorf("%s in %s has no batch", name, file)
			}
		}
	}
	if seen < 14 {
		t.Errorf("%d queries of upkeep are found", seen)
	}
}
