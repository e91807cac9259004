package office_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// expensive are the countries of somebody who is paid for every message there.
var expensive = map[string]string{
	"LV": "+371200000", "LT": "+370612000", "EE": "+37251200", "AL": "+35566123", "AM": "+37491123", "AZ": "+99440123",
}

// crowd gives an office users with numbers in the expensive countries, a hundred in each.
func (f *fixture) crowd(officeID int64, confirmed bool) {
	f.t.Helper()
	for country, number := range expensive {
		f.Exec(`with u as (
			insert into users (office_id, username, name, role, password_hash)
				select $1, lower($2) || n, $2 || n, 'user', 'x' from generate_series(100, 199) n returning id, username
		) insert into mobile_numbers (user_id, number, country, confirmed_at)
			select id, $3 || right(username, 3), $2, case when $4 then now() end from u`,
			officeID, country, number, confirmed)
	}
}

func (f *fixture) countries(officeID int64) string {
	f.t.Helper()
	list, err := f.Countries(f.t.Context(), officeID)
	if err != nil {
		f.t.Fatal(err)
	}
	var iso []string
	for _, c := range list {
		iso = append(iso, string(c.ISO))
	}
	return strings.Join(iso, " ")
}

// Where an office sends is its own: neither what is registered nor what is confirmed elsewhere moves it, nor that of an
// office made later.
func TestNoOfficeMovesTheCountriesOfAnother(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		t.Run(fmt.Sprintf("confirmed %v", confirmed), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.crowd(f.other, confirmed)
			if err := f.Create(t.Context(), "NEW", "New", audit.CommandLine); err != nil {
				t.Fatal(err)
			}
			for what, id := range map[string]int64{
				"made before": f.acme, "made after": f.ID("select id from offices where code = 'NEW'"),
				"their own": f.other,
			} {
				if got := f.countries(id); got != "BE DE FR GB LU NL" {
					t.Errorf("%s: codes go to %s", what, got)
				}
			}
		})
	}
}

// An office of before has what it had, without what unconfirmed numbers moved.
func TestTheMigrationWritesDownWhatAnOfficeMayToday(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("delete from office_countries")
	f.Exec("alter table office_countries add column allowed boolean not null default true")
	f.crowd(f.other, false)
	number := func(user string, n, country string, confirmed bool) {
		factory.Number(t, f.pool, f.user(f.acme, user), factory.NumberOpts{
			Number: n, Country: country, Unconfirmed: !confirmed,
		})
	}
	number("boss", "+46701234567", "SE", true)
	number("ann", "+4790123456", "NO", false)
	number("otto", "+31612345678", "NL", true)
	f.Exec("insert into office_countries values ($1, 'FR', false), ($1, 'US', true)", f.acme)
	f.Exec("insert into office_countries values ($1, 'SE', false)", f.other)
	script, err := fs.ReadFile(db.Migrations, "migrations/00028_own_countries.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, _, _ := strings.Cut(string(script), "-- +goose Down")
	f.Exec(up)
	// The six most used of confirmed numbers: NL and SE, filled up with BE, DE, FR, GB.
	if got := f.countries(f.acme); got != "BE DE GB NL SE US" {
		t.Errorf("ACME sends to %s", got)
	}
	if got := f.countries(f.other); got != "BE DE FR GB NL" {
		t.Errorf("OTHER sends to %s", got)
	}
}
