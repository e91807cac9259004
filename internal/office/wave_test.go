package office_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
)

// dates are those of ACME's users, in days from now.
func (f *fixture) dates() string {
	f.t.Helper()
	return f.Text(`select string_agg(username || ' ' || round(extract(epoch from
		coalesce(u.demanded_from, o.demanded_from) - now()) / 86400), ', ' order by username)
		from users u join offices o on o.id = u.office_id where o.id = $1`, f.acme)
}

func (f *fixture) wave(id int64) string {
	f.t.Helper()
	return f.Text(`select w.name || ' ' || round(extract(epoch from w.demanded_from - now()) / 86400) || ' ' ||
		array_to_string(array(select u.username from office_wave_users m join users u on u.id = m.user_id
			where m.wave_id = w.id order by 1), ' ') from office_waves w where w.id = $1`, id)
}

// Waves are planned, told with the date, and then only become later.
func TestWavesArePlannedToldAndOnlyBecomeLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0, "sms")
	put := func(form office.WaveForm, by time.Duration) error {
		form.From, form.Zone = f.later(by), "UTC"
		return f.PutWave(ctx, boss, client, form)
	}
	group := office.WaveForm{Name: "Pilot", Usernames: " OTTO,\nboss; otto"}
	is(t, "an accountant", f.PutWave(ctx, f.in("ann", 0), client, office.WaveForm{Role: "user", From: f.later(day),
		Zone: "UTC"}), fault.Forbidden)
	is(t, "no step-up", f.PutWave(ctx, f.in("boss", time.Hour), client, office.WaveForm{Role: "user",
		From: f.later(day), Zone: "UTC"}), fault.StepUpRequired)
	is(t, "past", put(group, -time.Minute), office.ErrPast)
	is(t, "no name", put(office.WaveForm{Usernames: "otto"}, day), office.ErrNoGroup)
	is(t, "nobody", put(office.WaveForm{Name: "Pilot", Usernames: " ,"}, day), office.ErrNobody)
	is(t, "no role", put(office.WaveForm{Role: "operator"}, day), fault.Invalid)
	is(t, "no such wave", put(office.WaveForm{ID: 99, Name: "Pilot", Usernames: "otto"}, day), fault.NotFound)
	var unknown *office.UnknownError
	err := put(office.WaveForm{Name: "Pilot", Usernames: "otto, nobody, zed"}, day)
	if !errors.As(err, &unknown) || strings.Join(unknown.Names, " ") != "nobody zed" {
		t.Errorf("unknown: %v", err)
	}

	is(t, "a group", put(group, 5*day), nil)
	is(t, "the same name", put(office.WaveForm{Name: "PILOT", Usernames: "ann"}, 5*day), office.ErrGroupTaken)
	is(t, "a role", put(office.WaveForm{Role: "accountant"}, 10*day), nil)
	factory.User(t, f.pool, f.acme, factory.UserOpts{Username: "anna", Role: "accountant"})
	if got := f.dates(); got != "" {
		t.Errorf("a plan told somebody: %s", got)
	}
	is(t, "the date", f.SetDate(ctx, boss, client, f.later(20*day), "UTC"), nil)
	if got := f.dates(); got != "ann 10, anna 10, boss 5, otto 5" {
		t.Errorf("told: %s", got)
	}
	factory.User(t, f.pool, f.acme, factory.UserOpts{Username: "annika", Role: "accountant"})
	pilot := f.ID("select id from office_waves where name = 'Pilot'")
	is(t, "earlier", put(office.WaveForm{ID: pilot, Name: "Pilot", Usernames: "otto boss"}, 4*day), office.ErrTold)
	is(t, "somebody told later", put(office.WaveForm{ID: pilot, Name: "Pilot", Usernames: "otto ann"}, 5*day),
		office.ErrTold)
	if got := f.wave(pilot); got != "Pilot 5 boss otto" {
		t.Errorf("what was refused is there: %s", got)
	}
	is(t, "later", put(office.WaveForm{ID: pilot, Name: "Pilots", Usernames: "otto"}, 12*day), nil)
	if got := f.dates(); got != "ann 10, anna 10, annika 10, boss 13, otto 12" {
		t.Errorf("moved: %s", got) // boss is a superuser still: a week earlier
	}
	is(t, "removed", f.RemoveWave(ctx, boss, client, pilot), nil)
	is(t, "removed twice", f.RemoveWave(ctx, boss, client, pilot), fault.NotFound)
	if got := f.dates(); got != "ann 10, anna 10, annika 10, boss 13, otto 20" {
		t.Errorf("without the group: %s", got)
	}
	is(t, "black-out", f.AddBlackOut(ctx, boss, client, f.later(15 * day)[:10], "Tax", time.UTC), nil)
	is(t, "on a day kept free", put(office.WaveForm{Role: "accountant"}, 15*day), office.ErrBlackOut)
	f.Exec("update offices set demanded_from = now()")
	is(t, "after the date", put(office.WaveForm{Role: "accountant"}, 16*day), office.ErrDemanded)
	if n := f.Int("select count(*) from audit_events where action in ('wave_set', 'wave_removed')"); n != 4 {
		t.Errorf("%d events", n)
	}
}

// Another office's users are in no group, and its waves cannot be touched.
func TestWavesAreTheOfficesOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	factory.User(t, f.pool, f.other, factory.UserOpts{Username: "zed"})
	theirs := f.ID(`insert into office_waves (office_id, name, demanded_from) values ($1, 'X', now() + interval '9 days')
		returning id`, f.other)
	boss := f.in("boss", 0, "sms")
	form := office.WaveForm{ID: theirs, Name: "Y", Usernames: "otto", From: f.later(day), Zone: "UTC"}
	is(t, "change", f.PutWave(t.Context(), boss, client, form), fault.NotFound)
	is(t, "remove", f.RemoveWave(t.Context(), boss, client, theirs), fault.NotFound)
	form.ID, form.Usernames = 0, "zed"
	var unknown *office.UnknownError
	if err := f.PutWave(t.Context(), boss, client, form); !errors.As(err, &unknown) {
		t.Errorf("another's user: %v", err)
	}
}

// What was planned for a moment that is over when the date is set asks nobody at once.
func TestAnOldPlanAsksNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss", 0, "sms")
	form := office.WaveForm{Role: "user", From: f.later(day), Zone: "UTC"}
	is(t, "plan", f.PutWave(t.Context(), boss, client, form), nil)
	f.Exec("update office_waves set demanded_from = now() - interval '1 minute'")
	is(t, "date", f.SetDate(t.Context(), boss, client, f.later(20*day), "UTC"), nil)
	if got := f.dates(); got != "ann 20, boss 13, otto 20" {
		t.Error(got)
	}
}

// Whose date a wave changes is told it, and the other superusers that there is one.
func TestWhoIsToldOfAWave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	factory.User(t, f.pool, f.acme, factory.UserOpts{Username: "chief", Role: "superuser"})
	is(t, "date", f.SetDate(t.Context(), f.in("boss", 0, "sms"), client, f.later(20*day), "UTC"), nil)
	var post postbox
	form := office.WaveForm{Name: "Leave", Usernames: "otto", From: f.later(30 * day), Zone: "UTC"}
	is(t, "wave", f.serve(&post, "").PutWave(t.Context(), f.in("boss", 0, "sms"), client, form), nil)
	var told []string
	for _, m := range post.mails {
		told = append(told, fmt.Sprint(m.UserID, " ", m.Kind))
	}
	want := fmt.Sprintf("%d date_set, %d waves_changed", f.user(f.acme, "otto"), f.user(f.acme, "chief"))
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// turns are the moments within a year at which a zone's clocks are moved, the first at least a day from now.
func turns(zone *time.Location) (all []time.Time) {
	offset := func(at time.Time) int {
		_, seconds := at.In(zone).Zone()
		return seconds
	}
	for at := time.Now().Add(day).Truncate(15 * time.Minute); time.Until(at) < 355*day; at = at.Add(15 * time.Minute) {
		if next := at.Add(15 * time.Minute); offset(at) != offset(next) {
			all = append(all, next.In(zone))
		}
	}
	return all
}

// The minute before, at, and after a wave's date, in three zones and over both changes of summer time: the moment is
// what the office's clocks show.
func TestAWaveComesAtTheOfficesMoment(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Amsterdam", "America/New_York", "Pacific/Auckland", "UTC"} {
		in, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		moments := turns(in)
		if zone == "UTC" {
			moments = []time.Time{time.Now().UTC().Truncate(time.Hour).Add(30 * day)}
		} else if len(moments) < 2 {
			t.Fatalf("%s: the clocks are moved %d times a year", zone, len(moments))
		}
		for _, at := range moments {
			text := at.Format(localForm)
			t.Run(zone+" "+text, func(t *testing.T) {
				t.Parallel()
				if read, err := office.Local(text, zone); err != nil || !read.Equal(at) {
					t.Fatalf("read as %s, %v, want %s", read, err, at)
				}
				f := newFixture(t)
				boss := f.in("boss", 0, "sms")
				form := office.WaveForm{Name: "Night", Usernames: "otto", From: text, Zone: zone}
				is(t, "wave", f.PutWave(t.Context(), boss, client, form), nil)
				is(t, "date", f.SetDate(t.Context(), boss, client, time.Now().In(in).AddDate(0, 0, 364).
					Format(localForm), zone), nil)
				for shift, want := range map[time.Duration]bool{-time.Minute: false, 0: true, time.Minute: true} {
					for name, demanded := range map[string]bool{"otto": want, "ann": false} {
						got := f.Text("select second_factor_demanded($1, $2, $3)::text", f.acme, f.user(f.acme, name),
							at.Add(shift)) == "true"
						if got != demanded {
							t.Errorf("%s, %s from the moment: %v", name, shift, got)
						}
					}
				}
			})
		}
	}
}

// A date that is set, comes or is removed ends the trust in browsers of before, as the switch does.
func TestADateEndsTheTrustInBrowsers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.in("boss", 0, "sms"), f.user(f.acme, "otto")
	factory.Number(t, f.pool, otto, factory.NumberOpts{})
	f.Exec("update offices set trusted_browser_days = 30")
	comes := func(in string) func() error {
		return func() error {
			f.Exec("update users set demanded_from = clock_timestamp() + $1::interval", in)
			return nil
		}
	}
	for _, row := range []struct {
		what string
		do   func() error
		want int
	}{
		{"nothing", func() error { return nil }, 1},
		{"a date is set", func() error { return f.SetDate(t.Context(), boss, client, f.later(20*day), "UTC") }, 0},
		{"it is not there yet", comes("1 minute"), 1},
		{"it comes", comes("0"), 0},
		{"it came before", comes("-1 minute"), 1},
		{"it is removed", func() error { return f.RemoveDate(t.Context(), boss, client) }, 0},
	} {
		f.Exec(`delete from trusted_browsers;
			insert into trusted_browsers (user_id, token_hash, password_version, role, user_agent, expires_at)
			select id, sha256('x'), password_version, role, '', now() + interval '9 days' from users
			where username = 'otto' and office_id = (select id from offices where code = 'ACME')`)
		is(t, row.what, row.do(), nil)
		if n := f.Int("select count(*) from standing_trusts"); n != row.want {
			t.Errorf("%s: %d stand, want %d", row.what, n, row.want)
		}
	}
}
