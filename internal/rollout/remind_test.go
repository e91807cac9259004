package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
)

var client = session.Client{Address: "192.0.2.7"}

// reminded is an office with a date, and mails that wait: boss is ready, ann and otto are not.
type reminded struct {
	dbtest.Database
	*rollout.Service
	t        testing.TB
	pool     *db.Pool
	ring     *keys.Ring
	sessions *session.Store
	office   int64
	zone     *time.Location
}

type noJobs struct{}

func (noJobs) SendMail(context.Context, pgx.Tx, int64, bool) error { return nil }

func newReminded(t testing.TB) *reminded {
	t.Helper()
	f := &reminded{t: t, ring: factory.Keys(t)}
	f.Database, f.pool = dbtest.New(t)
	log := factory.AuditLog()
	f.sessions = session.NewStore(f.pool, log)
	f.Service = rollout.New(f.pool, account.NewWays(mail.NewQueue(f.ring, noJobs{}), f.sessions, log), log)
	f.office = factory.Office(t, f.pool, factory.OfficeOpts{Code: "ACME", Name: "Acme"}).ID
	for name, role := range map[string]string{"boss": "superuser", "ann": "accountant", "otto": "user"} {
		factory.User(t, f.pool, f.office, factory.UserOpts{Username: name, Role: role, Email: name + "@acme.example"})
	}
	factory.Number(t, f.pool, f.user("boss"), factory.NumberOpts{})
	// In this zone it is noon now.
	name := fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12)
	var err error
	if f.zone, err = time.LoadLocation(name); err != nil {
		t.Fatal(err)
	}
	f.Exec("update offices set time_zone = $1", name)
	return f
}

func (f *reminded) user(name string) int64 {
	return f.ID("select id from users where username = $1", name)
}

// in is the date of the office, so many days from now at nine.
func (f *reminded) in(days int) {
	f.t.Helper()
	day := time.Now().In(f.zone).AddDate(0, 0, days)
	f.Exec("update offices set demanded_from = $1",
		time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, f.zone))
}

// sent are the mails by kind and to whom.
func (f *reminded) sent() string {
	f.t.Helper()
	return f.Text(`select string_agg(k, ', ' order by k) from (select u.username || ' ' || m.kind || ' ' || count(*)
		from mails m join users u on u.id = m.user_id group by u.username, m.kind) s (k)`)
}

// send has two nodes look for what is due, at once.
func (f *reminded) send() {
	f.t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := f.SendReminders(context.Background()); err != nil {
				f.t.Error(err)
			}
		})
	}
	wg.Wait()
}

// The minute before, at and after, in three zones and over both changes of summer time: reminders count days of the
// office's calendar.
func TestAReminderIsDueOnTheDaysOfTheOffice(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		zone, date, now string
		want            int16
	}{
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-07T07:59", 0},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-07T08:00", 7},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-07T19:59", 7},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-07T20:00", 0},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-06T12:00", 0},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-08T08:00", 0},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-11T08:00", 3},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-13T08:00", 1},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-14T08:59", 0},
		{"Europe/Amsterdam", "2026-12-14T09:00", "2026-12-15T09:00", 0},
		// Over the end and the beginning of summer time, where a day has 25 or 23 hours.
		{"Europe/Amsterdam", "2026-10-26T00:15", "2026-10-25T07:59", 0},
		{"Europe/Amsterdam", "2026-10-26T00:15", "2026-10-25T08:00", 1},
		{"Europe/Amsterdam", "2026-10-26T23:45", "2026-10-25T08:00", 1},
		{"Europe/Amsterdam", "2026-10-26T23:45", "2026-10-19T08:00", 7},
		{"Europe/Amsterdam", "2026-03-30T00:15", "2026-03-29T08:00", 1},
		{"Europe/Amsterdam", "2026-03-30T23:45", "2026-03-23T08:00", 7},
		{"America/New_York", "2026-11-02T00:30", "2026-11-01T08:00", 1},
		{"America/New_York", "2026-11-02T00:30", "2026-10-26T07:59", 0},
		{"America/New_York", "2026-03-09T09:00", "2026-03-08T08:00", 1},
		{"Pacific/Auckland", "2026-04-06T09:00", "2026-04-05T08:00", 1},
		{"Pacific/Auckland", "2026-04-06T09:00", "2026-03-30T08:00", 7},
		{"Pacific/Auckland", "2026-09-28T09:00", "2026-09-25T07:59", 0},
		{"Pacific/Auckland", "2026-09-28T09:00", "2026-09-25T08:00", 3},
	} {
		zone, err := time.LoadLocation(row.zone)
		if err != nil {
			t.Fatal(err)
		}
		at := func(text string) time.Time {
			moment, err := time.ParseInLocation("2006-01-02T15:04", text, zone)
			if err != nil {
				t.Fatal(err)
			}
			return moment
		}
		if got := rollout.Due(at(row.now).UTC(), at(row.date).UTC(), zone); got != row.want {
			t.Errorf("%s, for %s at %s: %d days, want %d", row.zone, row.date, row.now, got, row.want)
		}
	}
}

func TestWhoIsNotReadyIsRemindedOnceAtEachMoment(t *testing.T) {
	t.Parallel()
	f := newReminded(t)
	for days := 9; days > 0; days-- {
		f.in(days)
		f.Exec("update mails set queued_at = queued_at - interval '1 day'")
		f.send()
		f.send()
	}
	const want = "ann reminder_date 3, boss reminder_summary 3, otto reminder_date 3"
	if got := f.sent(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Nobody is reminded who is ready, exempt beyond their date, disabled, was told within half a day or has come to their
// date; who has no password yet is named alone; a date of one's own counts and not the office's.
func TestWhoIsNotReminded(t *testing.T) {
	t.Parallel()
	for what, row := range map[string]struct{ sql, want string }{
		"nobody":  {"select 1", "ann reminder_date 1, boss reminder_summary 1, otto reminder_date 1"},
		"no date": {"update offices set demanded_from = null", ""},
		"an app": {`insert into authenticators (user_id, secret_ct, last_step) select id, 'x', 0 from users
			where username = 'otto'`,
			"ann reminder_date 1, boss reminder_summary 1"},
		"exempt": {`insert into exemptions (user_id, reason, until) select id, 'x', now() + interval '20 days' from users
			where username = 'otto'`, "ann reminder_date 1, boss reminder_summary 1"},
		"exempt until before": {`insert into exemptions (user_id, reason, until) select id, 'x', now() + interval '1 day'
			from users where username = 'otto'`, "ann reminder_date 1, boss reminder_summary 1, otto reminder_date 1"},
		"disabled": {"update users set disabled_at = now() where username = 'otto'",
			"ann reminder_date 1, boss reminder_summary 1"},
		"invited": {"update users set password_hash = '' where username = 'otto'",
			"ann reminder_date 1, boss reminder_summary 1"},
		"told": {`insert into mails (user_id, kind, language) select id, 'date_set', 'en' from users
			where username = 'otto'`, "ann reminder_date 1, boss reminder_summary 1, otto date_set 1"},
		"own date": {"update users set demanded_from = now() + interval '20 days' where username = 'otto'",
			"ann reminder_date 1, boss reminder_summary 1"},
		"all ready": {"update users set disabled_at = now() where username <> 'boss'", ""},
		"switched":  {"update offices set two_factor_required = true, demanded_from = null", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newReminded(t)
			f.in(3)
			f.Exec(row.sql)
			f.send()
			if got := f.sent(); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// outbox is a mail.Sender that keeps what it is given.
type outbox struct{ sent []mail.Message }

func (o *outbox) Send(_ context.Context, m mail.Message) error {
	o.sent = append(o.sent, m)
	return nil
}

// deliver sends all mails that wait.
func (f *reminded) deliver() []mail.Message {
	f.t.Helper()
	var out outbox
	service := mail.New(f.pool, f.ring, &out, "Nightlatch", "EUR", time.UTC,
		func() string { return "https://login.acme.example" }, audit.NewLog(factory.Logger()), factory.Logger())
	rows, err := f.pool.Query(context.Background(), "select id from mails where not final order by id")
	if err != nil {
		f.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		f.t.Fatal(err)
	}
	done := func(context.Context, pgx.Tx) error { return nil }
	for _, id := range ids {
		if err := service.Deliver(context.Background(), id, false, done); err != nil {
			f.t.Fatal(err)
		}
	}
	return out.sent
}

// A reminder has its reader's own date and the way to the log-in; the summary names people, each with theirs.
func TestAReminderSaysWhatToDoAndByWhen(t *testing.T) {
	t.Parallel()
	f := newReminded(t)
	f.in(3)
	f.Exec("update users set language = 'nl' where username in ('otto', 'boss')")
	f.Exec("update users set name = 'Zoë Otto', demanded_from = (select demanded_from + interval '2 hours' from offices)" +
		" where username = 'otto'")
	f.send()
	mails := f.deliver()
	if len(mails) != 3 {
		t.Fatalf("%d mails", len(mails))
	}
	day := time.Now().In(f.zone).AddDate(0, 0, 3)
	for to, says := range map[string][]string{
		"ann@acme.example":  {"From " + day.Format(time.DateOnly) + " 09:00", "\nhttps://login.acme.example/login\n"},
		"otto@acme.example": {"Vanaf " + day.Format("02-01-2006") + " 11:00", "\nhttps://login.acme.example/login\n"},
		"boss@acme.example": {"Zoë Otto (otto): vanaf " + day.Format("02-01-2006") + " 11:00",
			"(ann): vanaf " + day.Format("02-01-2006") + " 09:00", "/settings/office/two-factor\n"},
	} {
		i := slices.IndexFunc(mails, func(m mail.Message) bool { return m.To == to })
		for _, words := range says {
			if i < 0 || !strings.Contains(mails[i].Body, words) {
				t.Errorf("to %s: %q is not in\n%v", to, words, mails)
			}
		}
	}
}

// What waits is stopped when the date goes or moves, and for who has got ready; the new date has reminders of its own.
func TestAReminderIsStoppedWithItsDate(t *testing.T) {
	t.Parallel()
	for what, row := range map[string]struct {
		sql  string
		want int
	}{
		"nothing": {"select 1", 3},
		"gone":    {"update offices set demanded_from = null", 0},
		"moved":   {"update offices set demanded_from = demanded_from + interval '10 days'", 1}, // the names, still true
		"ready": {`insert into authenticators (user_id, secret_ct, last_step) select id, 'x', 0 from users
			where username = 'otto'`,
			2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newReminded(t)
			f.in(3)
			f.send()
			f.Exec(row.sql)
			if got := f.deliver(); len(got) != row.want {
				t.Errorf("%d mails went out, want %d: %v", len(got), row.want, got)
			}
		})
	}
	f := newReminded(t)
	f.in(3)
	f.send()
	f.Exec("update mails set queued_at = queued_at - interval '1 day'")
	f.in(7)
	f.send()
	const want = "ann reminder_date 2, boss reminder_summary 2, otto reminder_date 2"
	if got := f.sent(); got != want {
		t.Errorf("moved: %s, want %s", got, want)
	}
}

func TestASuperuserRemindsPeopleOnceADay(t *testing.T) {
	t.Parallel()
	f := newReminded(t)
	ctx := t.Context()
	in := func(name string) session.Session {
		token := session.NewToken()
		factory.Session(t, f.pool, f.user(name), factory.SessionOpts{
			TokenHash: token.Hash(), Factors: []string{"sms"}, ProvenAge: 5 * time.Hour,
		})
		sess, err := f.sessions.Load(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		return sess
	}
	other := factory.Office(t, f.pool, factory.OfficeOpts{Code: "OTHER"}).ID
	stranger := factory.User(t, f.pool, other, factory.UserOpts{Username: "zed", Email: "zed@other.example"}).ID
	factory.User(t, f.pool, f.office, factory.UserOpts{Username: "mute"})
	ids := []int64{f.user("ann"), f.user("otto"), f.user("boss"), f.user("mute"), stranger, stranger + 99}
	if _, err := f.Remind(ctx, in("ann"), client, ids); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an accountant: %v", err)
	}
	boss := in("boss")
	remind := func(want int) {
		t.Helper()
		if n, err := f.Remind(ctx, boss, client, ids); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	remind(2)
	remind(0)
	if n := f.Int("select count(*) from audit_events where action = 'user_reminded'"); n != 2 {
		t.Errorf("%d events", n)
	}
	f.Exec(`update reminders set sent_at = sent_at - interval '25 hours';
		update mails set queued_at = queued_at - interval '25 hours'`)
	f.in(20)
	remind(2)
	const want = "ann reminder_asked 1, ann reminder_asked_date 1, otto reminder_asked 1, otto reminder_asked_date 1"
	if got := f.sent(); got != want {
		t.Error(got)
	}
	f.Exec("update offices set demanded_from = null") // those of before were about no date; those of now go
	for _, m := range f.deliver() {
		if strings.Contains(m.Body, "From ") || !strings.Contains(m.Body, "asks you") {
			t.Error(m.Body)
		}
	}
}
