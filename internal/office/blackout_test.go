package office_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/calendar"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
)

func (f *fixture) free() string {
	f.t.Helper()
	all, err := f.BlackOuts(f.t.Context(), f.acme)
	if err != nil {
		f.t.Fatal(err)
	}
	var said []string
	for _, b := range all {
		said = append(said, b.Day+" "+b.Name)
	}
	return strings.Join(said, ", ")
}

func TestDaysAreKeptFreeByASuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0, "sms")
	add := func(day, name string) error { return f.AddBlackOut(ctx, boss, client, day, name, time.UTC) }
	in := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	is(t, "an accountant", f.AddBlackOut(ctx, f.in("ann", 0), client, in(9), "x", time.UTC), fault.Forbidden)
	is(t, "no step-up", f.AddBlackOut(ctx, f.in("boss", time.Hour), client, in(9), "x", time.UTC), fault.StepUpRequired)
	for _, day := range []string{"", "tomorrow", in(-1), in(800), "2026-02-30"} {
		is(t, day, add(day, "x"), office.ErrNoDay)
	}
	is(t, "no name", add(in(9), " "), office.ErrDayName)
	is(t, "long name", add(in(9), strings.Repeat("x", 121)), office.ErrDayName)
	is(t, "today", add(in(0), "Today"), nil)
	is(t, "a day", add(in(9), "Tax"), nil)
	is(t, "again", add(in(9), "Tax"), nil)
	is(t, "renamed", add(in(9), "Tax day"), nil)
	if got, want := f.free(), in(0)+" Today, "+in(9)+" Tax day"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	is(t, "a date there", f.SetDate(ctx, boss, client, in(9)+"T09:00", "UTC"), office.ErrBlackOut)
	is(t, "removed", f.RemoveBlackOut(ctx, boss, client, in(9)), nil)
	is(t, "twice", f.RemoveBlackOut(ctx, boss, client, in(9)), fault.NotFound)
	is(t, "nonsense", f.RemoveBlackOut(ctx, boss, client, "x"), fault.NotFound)
	is(t, "a date there", f.SetDate(ctx, boss, client, in(9)+"T09:00", "UTC"), nil)
	// A date that people were told stays where it is when its day is kept free later.
	is(t, "under the date", add(in(9), "Tax"), nil)
	if r, err := f.Rollout(ctx, f.acme); err != nil || r.From.UTC().Format(localForm) != in(9)+"T09:00" {
		t.Errorf("the date moved: %v, %v", r.From, err)
	}
	if n := f.Int("select count(*) from audit_events where action like 'black_out%'"); n != 5 {
		t.Errorf("%d events", n)
	}
}

// A day is the office's: a date just before and after its midnights, in three zones.
func TestADayThatIsKeptFreeIsTheOffices(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss", 0, "sms")
	free := time.Now().UTC().AddDate(0, 0, 20)
	f.Exec("insert into office_black_outs (office_id, day) values ($1, $2::text::date)", f.acme,
		free.Format(time.DateOnly))
	for _, zone := range []string{"Pacific/Auckland", "Europe/Amsterdam", "America/New_York"} {
		for text, want := range map[string]error{
			free.AddDate(0, 0, -1).Format(time.DateOnly) + "T23:59": nil,
			free.Format(time.DateOnly) + "T00:00":                   office.ErrBlackOut,
			free.Format(time.DateOnly) + "T23:59":                   office.ErrBlackOut,
			free.AddDate(0, 0, 1).Format(time.DateOnly) + "T00:00":  nil,
		} {
			f.Exec("update offices set demanded_from = null; update users set demanded_from = null; delete from office_waves")
			is(t, zone+" "+text, f.SetDate(t.Context(), boss, client, text, zone), want)
		}
	}
}

func TestACalendarIsImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0, "sms")
	next := time.Now().UTC().Year() + 1
	event := func(day, more string) string {
		return "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:" + day + "\r\n" + more + "END:VEVENT\r\n"
	}
	file := "BEGIN:VCALENDAR\r\n" + event(fmt.Sprint(next, "0501"), "SUMMARY:Tax\r\n") +
		event(fmt.Sprint(next, "0601"), "") + event("20200101", "") + event("nonsense", "") + "END:VCALENDAR\r\n"
	load := func(file string) (int, []calendar.Problem, error) {
		return f.ImportBlackOuts(ctx, boss, client, []byte(file), "No name", time.UTC)
	}
	_, _, err := f.ImportBlackOuts(ctx, f.in("ann", 0), client, []byte(file), "x", time.UTC)
	is(t, "an accountant", err, fault.Forbidden)
	_, _, err = load("username,name")
	is(t, "a table", err, calendar.ErrNotCalendar)
	_, _, err = load("BEGIN:VCALENDAR\n" + event("20200101", "") + "END:VCALENDAR")
	is(t, "of before", err, office.ErrNoEntries)
	for _, want := range []int{2, 0} {
		n, left, err := load(file)
		if n != want || err != nil || len(left) != 1 || left[0] != (calendar.Problem{Line: 12, Why: calendar.BadDate}) {
			t.Errorf("%d, %v, %v; want %d", n, left, err, want)
		}
	}
	if got, want := f.free(), fmt.Sprintf("%d-05-01 Tax, %d-06-01 No name", next, next); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := f.audited("black_outs_imported"); n != 1 {
		t.Errorf("%d events", n)
	}
	var many strings.Builder
	for i := range 751 {
		many.WriteString(event(time.Now().AddDate(0, 0, 1+i%700).Format("20060102"), ""))
	}
	f.Exec(`insert into office_black_outs (office_id, day) select $1, (now() + make_interval(days => 700 + i))::date
		from generate_series(1, 100) i`, f.acme)
	_, _, err = load("BEGIN:VCALENDAR\n" + many.String() + "END:VCALENDAR")
	if !errors.Is(err, office.ErrManyDays) {
		t.Errorf("too many: %v", err)
	}
}
