package session

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

// cells asks the one question for four users of an office (jdoe, acc, boss and new, who was never here), a minute
// before a moment, at it and a minute after: y, n or, where the answer changes with nothing told, Y and N.
func (f *fixture) cells(at time.Time) string {
	f.t.Helper()
	var all []string
	for _, name := range []string{"jdoe", "acc", "boss", "new"} {
		row := ""
		for _, moment := range []time.Time{at.Add(-time.Minute), at.Add(-time.Microsecond), at, at.Add(time.Minute)} {
			row += f.Text(`select case when second_factor_demanded(office_id, id, $2) then 'y' else 'n' end
				from users where username = $1`, name, moment)
		}
		all = append(all, row)
	}
	return strings.Join(all, " ")
}

// The table of the one question, asked right at its edges: each date, wave, grace and exemption, in three time zones,
// in the hours in which summer time begins and ends there.
func TestASecondFactorIsDemandedFromTheMomentOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.user.OfficeID
	factory.User(t, f.pool, office, factory.UserOpts{Username: "acc", Role: "accountant"})
	factory.User(t, f.pool, office, factory.UserOpts{Username: "new"})
	f.Exec("update users set grace_until = null")
	seen := func() { f.Exec("update users set grace_until = '2000-01-01' where username <> 'new'") }
	exempt := func(until string) func(at time.Time) {
		return func(at time.Time) {
			f.Exec("update offices set two_factor_required = true")
			f.Exec(`insert into exemptions (user_id, reason, given_at, until)
				select id, 'ill', $1::timestamptz - interval '30 days', $1::timestamptz + $2::interval from users`, at, until)
		}
	}
	rows := []struct {
		name  string
		set   func(at time.Time)
		cells string
	}{
		{"nothing", func(time.Time) {}, "nnnn nnnn nnnn nnnn"},
		{"the switch", func(time.Time) { f.Exec("update offices set two_factor_required = true") }, "yyyy yyyy yyyy yyyy"},
		{"a date", func(at time.Time) { f.Exec("update offices set demanded_from = $1", at) }, "nnyy nnyy nnyy nnyy"},
		{"a week later", func(at time.Time) {
			f.Exec("update offices set demanded_from = $1", at.Add(7*24*time.Hour))
		}, "nnnn nnnn nnnn nnnn"},
		{"superusers first", func(at time.Time) {
			f.Exec("update offices set demanded_from = $1", at.Add(7*24*time.Hour))
			f.Exec("update users set demanded_from = $1 where role = 'superuser'", at)
		}, "nnnn nnnn nnyy nnnn"},
		{"others after the office", func(at time.Time) {
			f.Exec("update offices set demanded_from = $1", at.Add(-7*24*time.Hour))
			f.Exec("update users set demanded_from = $1 where role = 'user'", at)
		}, "nnyy yyyy yyyy nnyy"},
		{"a role that changed keeps what was told, but a superuser's", func(at time.Time) {
			f.Exec("update offices set demanded_from = $1", at.Add(-time.Hour))
			f.Exec(`insert into office_waves (office_id, name, role, demanded_from)
				values ($1, 'Books', 'accountant', $2)`, office, at.Add(-2*time.Hour))
			f.Exec("update users set demanded_from = $1", at)
			f.Exec("update users set role = 'accountant' where username = 'jdoe'")
		}, "nnyy nnyy yyyy nnyy"},
		{"exempt until then", exempt("0"), "nnyy nnyy yyyy nnyy"},
		{"exempt for longer", exempt("1 day"), "nnnn nnnn yyyy nnnn"},
		{"an exemption that was ended", func(at time.Time) {
			exempt("1 day")(at)
			f.Exec("update exemptions set ended_at = now()")
		}, "yyyy yyyy yyyy yyyy"},
		{"first hours that nobody gives", func(time.Time) {
			f.Exec("update offices set two_factor_required = true")
		}, "yyyy yyyy yyyy yyyy"},
		{"first hours, not begun", func(time.Time) {
			f.Exec("update offices set two_factor_required = true, grace_hours = 24")
		}, "yyyy yyyy yyyy nnnn"},
		{"first hours until then", func(at time.Time) {
			f.Exec("update offices set two_factor_required = true, grace_hours = 24")
			f.Exec("update users set grace_until = $1 where username in ('new', 'boss', 'acc')", at)
		}, "yyyy nnyy yyyy nnyy"},
		{"first hours of who has a factor", func(at time.Time) {
			f.Exec("update offices set two_factor_required = true, grace_hours = 24")
			f.Exec("update users set grace_until = $1 where username in ('new', 'acc')", at)
			factory.Number(t, f.pool, f.ID("select id from users where username = 'acc'"), factory.NumberOpts{})
		}, "yyyy yyyy yyyy nnyy"},
		{"first hours of who owes a word", func(at time.Time) {
			f.Exec("update offices set two_factor_required = true, grace_hours = 24")
			f.Exec("update users set grace_until = $1 where username in ('new', 'acc')", at)
			f.Exec(`insert into enrolment_words (user_id, word_mac, key_id, expires_at)
				select id, 'x', 'abcd'::bytea, now() from users where username = 'acc'`)
		}, "yyyy yyyy yyyy nnyy"},
		{"first hours before a date", func(at time.Time) {
			f.Exec("update offices set demanded_from = $1, grace_hours = 24", at)
			f.Exec("update users set grace_until = $1 where username = 'new'", at.Add(time.Hour))
		}, "nnyy nnyy nnyy nnnn"},
	}
	for zone, moments := range map[string][]string{
		"Europe/Amsterdam": {"2026-03-29T03:00", "2026-10-25T02:59", "2026-12-24T09:00"},
		"America/New_York": {"2026-03-08T03:00", "2026-11-01T01:30"},
		"Pacific/Auckland": {"2026-09-27T03:00", "2026-04-05T02:30"},
	} {
		in, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, local := range moments {
			at, err := time.ParseInLocation("2006-01-02T15:04", local, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				seen()
				row.set(at)
				if got := f.cells(at); got != row.cells {
					t.Errorf("%s %s, %s: %s, want %s", zone, local, row.name, got, row.cells)
				}
				f.changesTellWhen(at, row.name)
				f.Exec(`delete from exemptions; delete from office_waves; delete from mobile_numbers; delete from enrolment_words;
					update offices set two_factor_required = false, demanded_from = null, grace_hours = 0;
					update users set demanded_from = null, grace_until = null;
					update users set role = 'user' where username = 'jdoe'`)
			}
		}
	}
}

// changesTellWhen checks that the answer stays the same until demand_changes.
func (f *fixture) changesTellWhen(at time.Time, row string) {
	f.t.Helper()
	if wrong := f.Text(`select string_agg(u.username, ' ')
		from users u, (values ($1::timestamptz - interval '1 minute'), ($1)) m (moment),
			unnest(array[interval '1 second', '59 s', '1 minute', '2 hours', '8 days']) l (later)
		where u.office_id is not null
			and second_factor_demanded(u.office_id, u.id, m.moment)
				<> second_factor_demanded(u.office_id, u.id, m.moment + l.later)
			and coalesce(demand_changes(u.office_id, u.id, m.moment) > m.moment + l.later, true)`, at); wrong != "" {
		f.t.Errorf("%s: the answer changes for %s before it is said to", row, wrong)
	}
}

// Nobody does anything at the date: what was under way in a session ends with the first request after it, and what it
// let in is not let in any more.
func TestADateThatComesEndsWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, policy := range []string{"", "refuse", "ask", "trust"} {
		t.Run("policy "+policy, func(t *testing.T) {
			f.Exec("delete from sso_providers; update offices set demanded_from = null")
			token := NewToken()
			id := factory.Session(t, f.pool, f.user.ID, factory.SessionOpts{TokenHash: token.Hash()}).ID
			factory.Challenge(t, f.pool, id, factory.ChallengeOpts{Purpose: "change"})
			if policy != "" {
				f.Exec(`insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
					values ($1, 'https://idp.example', 'c', 'x', $2)`, f.user.OfficeID, policy)
				f.Exec("update sessions set methods = '{sso}' where id = $1", id)
			}
			f.Exec("update offices set demanded_from = now() + interval '300 ms'")
			before, err := f.store.Load(t.Context(), token)
			if err != nil || before.Pending() {
				t.Fatalf("before: %+v, %v", before, err)
			}
			live := func() int {
				return f.Int("select count(*) from challenges where session_id = $1 and ended_at is null", id)
			}
			if n := live(); n != 1 {
				t.Fatalf("%d challenges before", n)
			}
			f.Exec("select pg_sleep(0.35)")
			after, err := f.store.Load(t.Context(), token)
			if policy == "refuse" {
				if err == nil {
					t.Errorf("a session of single sign-on that is refused lives: %+v", after)
				}
				return
			}
			if err != nil || !after.Pending() {
				t.Fatalf("after: %+v, %v", after, err)
			}
			if n := live(); n != 0 {
				t.Errorf("%d challenges live on", n)
			}
			factory.Challenge(t, f.pool, id, factory.ChallengeOpts{Purpose: "enrol", Number: "+31612345677"})
			if _, err := f.store.Load(t.Context(), token); err != nil || live() != 1 {
				t.Errorf("what the pending log-in began goes too: %d, %v", live(), err)
			}
		})
	}
}

// The first log-in begins the first hours, once, by what the office gives at that moment.
func TestFirstHoursBeginWithTheFirstLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true, grace_hours = 24; update users set grace_until = null")
	hours := func() string {
		return f.Text(`select round(extract(epoch from grace_until - now()) / 3600) from users where id = $1`, f.user.ID)
	}
	for n, given := range []int{24, 100} {
		f.Exec("update offices set grace_hours = $1", given)
		f.start(false)
		if got := hours(); got != "24" {
			t.Errorf("log-in %d: %s hours", n+1, got)
		}
	}
	f.Exec("update users set grace_until = null")
	f.Exec("update offices set grace_hours = 0")
	f.start(true)
	if got := fmt.Sprint(hours()); got != "0" && got != "-0" {
		t.Errorf("an office that gives none: %s hours", got)
	}
}
