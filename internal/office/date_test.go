package office_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
)

const localForm = "2006-01-02T15:04"

// A date is what its office's clocks show: an hour that comes twice is the later one, one that never comes is none.
func TestADateIsWhatTheClocksOfTheOfficeShow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ zone, text, utc string }{
		{"Europe/Amsterdam", "2026-12-01T09:00", "2026-12-01T08:00"},
		{"Europe/Amsterdam", "2026-07-01T09:00", "2026-07-01T07:00"},
		{"Europe/Amsterdam", "2026-03-29T01:59", "2026-03-29T00:59"},
		{"Europe/Amsterdam", "2026-03-29T02:00", ""},
		{"Europe/Amsterdam", "2026-03-29T02:59", ""},
		{"Europe/Amsterdam", "2026-03-29T03:00", "2026-03-29T01:00"},
		{"Europe/Amsterdam", "2026-10-25T01:59", "2026-10-24T23:59"},
		{"Europe/Amsterdam", "2026-10-25T02:00", "2026-10-25T01:00"},
		{"Europe/Amsterdam", "2026-10-25T02:59", "2026-10-25T01:59"},
		{"Europe/Amsterdam", "2026-10-25T03:00", "2026-10-25T02:00"},
		{"America/New_York", "2026-03-08T02:30", ""},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T06:30"},
		{"Pacific/Auckland", "2026-09-27T02:30", ""},
		{"Pacific/Auckland", "2026-04-05T02:30", "2026-04-04T14:30"},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T15:15"},
		{"UTC", "2026-12-01T09:00", "2026-12-01T09:00"},
		{"", "2026-12-01T09:00", ""},
		{"Local", "2026-12-01T09:00", ""},
		{"../etc/passwd", "2026-12-01T09:00", ""},
		{"UTC", "2026-02-30T09:00", ""},
		{"UTC", "tomorrow", ""},
		{"UTC", "", ""},
	} {
		at, err := office.Local(row.text, row.zone)
		switch {
		case row.utc == "" && !errors.Is(err, office.ErrNoDate):
			t.Errorf("%s in %s: %v, %v", row.text, row.zone, at, err)
		case row.utc != "" && (err != nil || at.UTC().Format(localForm) != row.utc):
			t.Errorf("%s in %s: %v, %v, want %s", row.text, row.zone, at.UTC(), err, row.utc)
		}
	}
}

// in is the text of a form for a moment so much later.
func (f *fixture) later(by time.Duration) string { return time.Now().UTC().Add(by).Format(localForm) }

const day = 24 * time.Hour

func TestADateIsSetMovedAndRemovedByASuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0)
	set := func(text string) error { return f.SetDate(ctx, boss, client, text, "UTC") }
	is := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	is(f.SetDate(ctx, f.in("ann", 0), client, f.later(day), "UTC"), fault.Forbidden)
	is(f.SetDate(ctx, f.in("boss", time.Hour), client, f.later(day), "UTC"), fault.StepUpRequired)
	is(set(f.later(-time.Minute)), office.ErrPast)
	is(set(f.later(400*day)), office.ErrFar)
	f.Exec("insert into office_black_outs (office_id, day) values ($1, $2::text::date)", f.acme, f.later(10 * day)[:10])
	is(set(f.later(10*day)), office.ErrBlackOut)
	is(set(f.later(20*day)), nil)
	waves := func() string {
		return f.Text(`select string_agg(username || ' ' || round(extract(epoch from
			coalesce(u.demanded_from, o.demanded_from) - now()) / 86400), ', ' order by username)
			from users u join offices o on o.id = u.office_id where o.id = $1`, f.acme)
	}
	if got := waves(); got != "ann 20, boss 13, otto 20" {
		t.Errorf("the dates: %s", got)
	}
	is(f.Activate(ctx, boss, client), office.ErrDateSet)
	is(set(f.later(19*day)), office.ErrTold)
	is(set(f.later(30*day)), nil)
	f.Exec("update users set demanded_from = now() - interval '1 day' where id = $1", f.user(f.acme, "otto"))
	is(set(f.later(31*day)), nil)
	if got := waves(); got != "ann 31, boss 13, otto -1" {
		t.Errorf("for whom it had come it was moved: %s", got)
	}
	is(f.RemoveDate(ctx, boss, client), nil)
	if left := f.Text(`select string_agg(name || ' ' || demanded_from, ', ') from (
		select username, demanded_from from users union all select name, demanded_from from office_waves
		union all select code, demanded_from from offices) d (name, demanded_from)`); left != "" {
		t.Errorf("dates are left: %s", left)
	}
	is(set(f.later(5*day)), nil) // sooner, after it was removed; superusers with the others
	if got := waves(); got != "ann 5, boss 5, otto 5" {
		t.Errorf("less than a week away: %s", got)
	}
	is(f.SwitchOff(ctx, boss, client), nil)
	if r, err := f.Rollout(ctx, f.acme); err != nil || !r.From.IsZero() || r.Active {
		t.Errorf("switched off: %+v, %v", r, err)
	}
	if got := f.demanding(); got != "" {
		t.Errorf("demanding: %s", got)
	}
	for action, times := range map[string]int{
		"two_factor_dated": 4, "two_factor_undated": 1, "two_factor_switched_off": 1,
	} {
		if n := f.Int("select count(*) from audit_events where action = $1", action); n != times {
			t.Errorf("%d × %s, want %d", n, action, times)
		}
	}
}

// Whatever is set, moved, removed and done to users in whatever order: nobody is asked earlier than they were told, and
// who is asked stays asked until the date is removed.
func TestNobodyIsAskedEarlierThanToldAndNobodyEscapes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	for run := range 24 {
		seed := uint64(run)
		random := rand.New(rand.NewPCG(seed, 11))
		f.Exec("update offices set two_factor_required = false, demanded_from = null; delete from office_waves")
		f.Exec("update users set demanded_from = null; update users set role = 'user' where username in ('otto', 'ann')")
		boss := f.in("boss", 0, "sms")
		told, asked := map[string]time.Time{}, map[string]bool{}
		var story []string
		for range 14 {
			act := random.IntN(11)
			by := time.Duration(1+random.IntN(40)) * day
			var err error
			switch act {
			case 0, 1, 2:
				err = f.SetDate(ctx, boss, client, f.later(by), "UTC")
				story = append(story, fmt.Sprint("set ", by, " ", err))
			case 3:
				if random.IntN(3) == 0 {
					err = f.RemoveDate(ctx, boss, client)
					told, asked = map[string]time.Time{}, map[string]bool{}
					story = append(story, "remove")
				}
			case 4: // time goes by: all dates come nearer
				ago := fmt.Sprint(by)
				f.Exec("update users set demanded_from = demanded_from - $1::interval", by)
				f.Exec("update offices set demanded_from = demanded_from - $1::interval", by)
				f.Exec("update office_waves set demanded_from = demanded_from - $1::interval", by)
				for name := range told {
					told[name] = told[name].Add(-by)
				}
				story = append(story, "wait "+ago)
			case 5, 6:
				role := []string{"user", "accountant", "superuser"}[random.IntN(3)]
				f.Exec("update users set role = $1 where username = 'otto'", role)
				story = append(story, "otto becomes "+role)
			case 7, 8: // a wave of a role
				role := []account.Role{"user", "accountant", "superuser"}[random.IntN(3)]
				err = f.PutWave(ctx, boss, client, office.WaveForm{Role: role, From: f.later(by), Zone: "UTC"})
				story = append(story, fmt.Sprint("wave of ", role, " ", by, " ", err))
			case 9: // a group
				name := []string{"ann", "otto boss", "ann otto"}[random.IntN(3)]
				err = f.PutWave(ctx, boss, client, office.WaveForm{
					Name: name, Usernames: name, From: f.later(by), Zone: "UTC"})
				story = append(story, fmt.Sprint("group of ", name, " ", by, " ", err))
			case 10:
				id := f.Text("select (select id from office_waves order by random() limit 1)::text")
				if id == "" {
					continue
				}
				n, _ := strconv.ParseInt(id, 10, 64)
				err = f.RemoveWave(ctx, boss, client, n)
				story = append(story, fmt.Sprint("remove wave ", id, " ", err))
			}
			if err != nil && !errors.Is(err, office.ErrTold) && !errors.Is(err, office.ErrDemanded) &&
				!errors.Is(err, office.ErrGroupTaken) {
				t.Fatal(err)
			}
			for _, name := range []string{"ann", "boss", "otto"} {
				from := f.Text(`select extract(epoch from coalesce(u.demanded_from, o.demanded_from))
					from users u join offices o on o.id = u.office_id where u.id = $1`, f.user(f.acme, name))
				demanded := f.Text(`select second_factor_demanded(office_id, id, now())::text from users where id = $1`,
					f.user(f.acme, name)) == "true"
				date := time.Time{}
				if from != "" {
					var seconds float64
					if _, err := fmt.Sscan(from, &seconds); err != nil {
						t.Fatal(err)
					}
					date = time.UnixMicro(int64(seconds * 1e6))
				}
				early := !told[name].IsZero() && date.Before(told[name].Add(-2*time.Second))
				if early || demanded && (told[name].IsZero() || told[name].After(time.Now())) || asked[name] && !demanded {
					t.Fatalf("run %d: %s was told %v, has %v, is asked: %v, was: %v\n%s", run, name, told[name], date,
						demanded, asked[name], strings.Join(story, "\n"))
				}
				told[name], asked[name] = date, demanded
			}
		}
	}
}

func TestFirstHoursAreSetByASuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0)
	if err := f.SetGrace(ctx, f.in("ann", 0), client, 24); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an accountant: %v", err)
	}
	if err := f.SetGrace(ctx, f.in("boss", time.Hour), client, 24); !errors.Is(err, fault.StepUpRequired) {
		t.Errorf("without a step-up: %v", err)
	}
	for hours, want := range map[int]bool{-1: false, 5: false, 169: false, 24: true} {
		if err := f.SetGrace(ctx, boss, client, hours); (err == nil) != want {
			t.Errorf("%d hours: %v", hours, err)
		}
	}
	if r, err := f.Rollout(ctx, f.acme); err != nil || r.Grace != 24 {
		t.Errorf("%+v, %v", r, err)
	}
	if n := f.audited("first_hours_set"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Who has no second factor is told of the date, of each that it is moved to, and of its end; nobody else.
func TestWhoIsNotReadyIsToldOfTheDate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var post postbox
	service, boss := f.serve(&post, "vonage"), f.in("boss", 0, "sms")
	factory.Number(t, f.pool, f.user(f.acme, "boss"), factory.NumberOpts{})
	for _, act := range []func() error{
		func() error { return service.SetDate(t.Context(), boss, client, f.later(20*day), "UTC") },
		func() error { return service.SetDate(t.Context(), boss, client, f.later(30*day), "UTC") },
		func() error { return service.RemoveDate(t.Context(), boss, client) },
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
	}
	told := map[string]int{}
	for _, m := range post.mails {
		told[fmt.Sprint(m.UserID, " ", m.Kind)]++
	}
	for _, name := range []string{"ann", "otto"} {
		id := f.user(f.acme, name)
		if told[fmt.Sprint(id, " date_set")] != 2 || told[fmt.Sprint(id, " date_gone")] != 1 {
			t.Errorf("%s was told %v", name, told)
		}
	}
	if len(told) != 4 {
		t.Errorf("others were told, too: %v", told)
	}
}
