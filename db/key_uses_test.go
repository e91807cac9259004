package db_test

import (
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

// A key whose last use is not counted would be taken away too early, and with it what it sealed.
func TestTheUsesOfKeysAreCountedInEveryColumn(t *testing.T) {
	t.Parallel()
	d, _ := dbtest.New(t)
	const columns = `from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type = 'bytea'
		and (c.column_name like '%\_ct' or c.column_name = 'key_id')`
	if n := d.Int("select count(*) " + columns); n < 9 {
		t.Fatalf("only %d columns hold what a key sealed, or its id", n)
	}
	missing := d.Text(`select coalesce(string_agg(c.table_name || '.' || c.column_name, ', '), '') ` + columns + `
		and not exists (select from information_schema.view_column_usage u where u.view_name = 'key_uses'
			and u.table_name = c.table_name and u.column_name = c.column_name)`)
	if missing != "" {
		t.Errorf("the view key_uses does not count %s", missing)
	}
}
