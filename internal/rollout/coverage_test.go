package rollout_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
)

// What stands for a day is what was so when it was last looked at, in the office's time zone; another day's stays.
func TestCoverageIsKeptByTheDayOfTheOffice(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	sessions := session.NewStore(pool, factory.AuditLog())
	rollouts := rollout.New(pool, account.NewWays(account.NoMail{}, sessions, factory.AuditLog()), factory.AuditLog())
	east := factory.Office(t, pool, factory.OfficeOpts{Code: "EAST"}).ID
	west := factory.Office(t, pool, factory.OfficeOpts{Code: "WEST"}).ID
	empty := factory.Office(t, pool, factory.OfficeOpts{Code: "EMPTY"}).ID
	d.Exec("update offices set time_zone = 'Pacific/Kiritimati' where id = $1", east) // UTC+14
	d.Exec("update offices set time_zone = 'Nowhere/Land' where id = $1", empty)
	zone := time.FixedZone("", -12*60*60)
	for i := range 4 {
		user := factory.User(t, pool, east, factory.UserOpts{Username: fmt.Sprint("e", i), Disabled: i == 3})
		if i != 1 {
			factory.Authenticator(t, pool, user.ID, []byte("secret"))
		}
	}
	factory.Number(t, pool, factory.User(t, pool, west, factory.UserOpts{Username: "w"}).ID, factory.NumberOpts{})
	keep := func() {
		t.Helper()
		if err := rollouts.KeepCoverage(t.Context(), zone); err != nil {
			t.Fatal(err)
		}
	}
	check := func(office int64, from time.Time, want ...rollout.Coverage) {
		t.Helper()
		got, err := rollouts.CoverageDays(t.Context(), office, from)
		if err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("the days are %+v, want %+v (%v)", got, want, err)
		}
	}
	keep()
	now := dbtest.One[time.Time](t, pool, "select now()")
	date := func(at time.Time) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	}
	there, here := date(now.Add(14*time.Hour).UTC()), date(now.Add(-12*time.Hour).UTC())
	if there.Equal(here) {
		t.Fatal("26 hours apart it is the same day")
	}
	check(east, there, rollout.Coverage{Day: there, Users: 3, Ready: 2})
	check(west, here, rollout.Coverage{Day: here, Users: 1, Ready: 1})
	check(empty, here, rollout.Coverage{Day: here})
	// Later on the day, and on the day after.
	d.Exec("delete from authenticators")
	keep()
	check(east, there, rollout.Coverage{Day: there, Users: 3})
	d.Exec("update coverage_days set day = day - 1")
	keep()
	check(east, there.AddDate(0, 0, -1), rollout.Coverage{Day: there.AddDate(0, 0, -1), Users: 3},
		rollout.Coverage{Day: there, Users: 3})
	check(east, there.AddDate(0, 0, 1))
}
