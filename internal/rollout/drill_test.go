package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// drilling is an office that demands nothing yet, with its superuser.
type drilling struct {
	dbtest.Database
	*rollout.Service
	t        testing.TB
	pool     *db.Pool
	ring     *keys.Ring
	sessions *session.Store
	factors  *twofactor.Service
	office   int64
}

func newDrilling(t testing.TB) *drilling {
	t.Helper()
	f := &drilling{t: t, ring: factory.Keys(t)}
	f.Database, f.pool = dbtest.New(t)
	log := factory.AuditLog()
	f.sessions = session.NewStore(f.pool, log)
	ways := account.NewWays(account.NoMail{}, f.sessions, log)
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, ways, log, time.Now, "Nightlatch")
	f.Service = rollout.New(f.pool, ways, log)
	f.office = factory.Office(t, f.pool, factory.OfficeOpts{Code: "ACME"}).ID
	f.user("boss", "superuser")
	return f
}

func (f *drilling) user(name, role string) int64 {
	f.t.Helper()
	return factory.User(f.t, f.pool, f.office, factory.UserOpts{Username: name, Role: role}).ID
}

// in is a session of a user whose password, or factors, were proven so long ago.
func (f *drilling) in(name string, ago time.Duration, factors ...string) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.ID("select id from users where username = $1", name), factory.SessionOpts{
		TokenHash: token.Hash(), Factors: factors, ProvenAge: ago,
	})
	return f.load(token)
}

func (f *drilling) load(token session.Token) session.Session {
	f.t.Helper()
	sess, err := f.sessions.Load(f.t.Context(), token)
	if err != nil {
		f.t.Fatal(err)
	}
	return sess
}

// is fails the test unless an error is another.
func (f *drilling) is(err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("%v, want %v", err, want)
	}
}

func (f *drilling) begin() {
	f.t.Helper()
	f.is(f.BeginDrill(f.t.Context(), f.in("boss", 0), client), nil)
}

// asked logs a user in whom the drill asks.
func (f *drilling) asked(name string) session.Session {
	f.t.Helper()
	sess := f.in(name, 0)
	if standing, err := f.Ask(f.t.Context(), sess.User.ID); err != nil || standing != rollout.Asked {
		f.t.Fatalf("%s is not asked: %v, %v", name, standing, err)
	}
	return sess
}

// sent is the code that is on its way to a session.
func (f *drilling) sent(sess session.Session) string {
	f.t.Helper()
	ref := f.Text("select ref from challenges where session_id = $1 and ended_at is null", sess.ID)
	sealed := dbtest.One[[]byte](f.t, f.pool, "select code_ct from challenges where ref = $1", ref)
	code, err := f.factors.OpenCode(ref, sealed)
	if err != nil {
		f.t.Fatal(err)
	}
	return code
}

// prove proves a code, and is the session after it.
func (f *drilling) prove(sess session.Session, kind factor.Kind, code string) session.Session {
	f.t.Helper()
	proven, err := f.factors.Prove(f.t.Context(), sess, client, kind, code)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.load(proven.Token)
}

// outcomes are what the report says of everybody, in its order.
func (f *drilling) outcomes() (all []string) {
	f.t.Helper()
	drill, err := f.Drill(f.t.Context(), f.office)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, p := range drill.People {
		all = append(all, fmt.Sprintf("%s %s", p.Username, p.Outcome))
	}
	return all
}

// say fails the test unless the report says so.
func (f *drilling) say(want ...string) {
	f.t.Helper()
	if got := f.outcomes(); fmt.Sprint(got) != fmt.Sprint(want) {
		f.t.Errorf("the report says\n%q, want\n%q", got, want)
	}
}

// Everybody who has something to try is in the report, with what came of it, by what they really did.
func TestADrillTellsWhatCameOfIt(t *testing.T) {
	t.Parallel()
	f := newDrilling(t)
	ctx := t.Context()
	for _, name := range []string{"quick", "skipper", "unlucky", "ignores", "absent", "instead"} {
		factory.Number(t, f.pool, f.user(name, "user"), factory.NumberOpts{})
	}
	factory.Number(t, f.pool, f.user("fresh", "user"), factory.NumberOpts{Unconfirmed: true})
	f.user("nothing", "user")
	gone := factory.User(t, f.pool, f.office, factory.UserOpts{Username: "gone", Disabled: true}).ID
	factory.Number(t, f.pool, gone, factory.NumberOpts{})
	secret := otp.NewSecret()
	for _, id := range []int64{f.user("apper", "user"), f.ID("select id from users where username = 'instead'")} {
		factory.Authenticator(t, f.pool, id, f.ring.Seal("authenticator secret", fmt.Sprint(id), []byte(secret)))
	}
	other := factory.Office(t, f.pool, factory.OfficeOpts{Code: "OTHER"}).ID
	stranger := factory.User(t, f.pool, other, factory.UserOpts{Username: "stranger"}).ID
	factory.Number(t, f.pool, stranger, factory.NumberOpts{})
	f.begin()
	drill, err := f.Drill(ctx, f.office)
	if err != nil || drill.Reachable != 8 || !drill.On || drill.By != "boss" {
		t.Errorf("before anybody logs in: %+v, %v", drill, err)
	}
	f.say("absent not_seen", "apper not_seen", "fresh not_seen", "ignores not_seen", "instead not_seen",
		"quick not_seen", "skipper not_seen", "unlucky not_seen")

	// A code by text message, one of an app, and one that confirms a number.
	quick := f.asked("quick")
	f.is(f.factors.SendOnFile(ctx, quick, "en"), nil)
	quick = f.prove(quick, factor.SMS, f.sent(quick))
	f.is(f.Enter(ctx, quick), nil)
	apper := f.asked("apper")
	apper = f.prove(apper, factor.App, otptest.Code(t, secret, otp.Step(time.Now())))
	f.is(f.Enter(ctx, apper), nil)
	fresh := f.asked("fresh")
	f.is(f.factors.ConfirmOnFile(ctx, fresh, "en"), nil)
	f.prove(fresh, factor.SMS, f.sent(fresh))
	if confirmed := f.Int("select count(*) from audit_events where action = 'number_confirmed'"); confirmed != 1 {
		t.Errorf("%d numbers were confirmed", confirmed)
	}
	f.is(f.factors.ConfirmOnFile(ctx, f.in("fresh", 0), "en"), twofactor.ErrNotAllowed)

	// One that does not arrive, also where an app's code is entered in its place.
	for _, name := range []string{"unlucky", "instead"} {
		f.is(f.factors.SendOnFile(ctx, f.asked(name), "en"), nil)
	}
	f.Exec(`update messages set state = 'failed', reason = 'undelivered', final = true where challenge_id in (
		select c.id from challenges c join users u on u.id = c.user_id where u.username in ('unlucky', 'instead'))`)
	lost := f.ID(`select m.id from messages m join challenges c on c.id = m.challenge_id
		join users u on u.id = c.user_id where u.username = 'unlucky'`)
	factory.Send(t, f.pool, lost, factory.SendOpts{})
	factory.Receipt(t, f.pool, lost, factory.ReceiptOpts{Status: "failed", Reason: "absent"})
	f.Exec("update sends set network = '20404'; update receipts set network = '20408'")
	instead := f.prove(f.in("instead", 0), factor.App, otptest.Code(t, secret, otp.Step(time.Now())))
	f.is(f.Enter(ctx, instead), nil)
	f.is(f.Skip(ctx, f.asked("skipper").User.ID), nil)
	f.is(f.factors.SendOnFile(ctx, f.asked("ignores"), "en"), nil)
	f.asked("ignores") // once more, until they do something
	// A message that was not needed any more, and one whose code was entered, whatever the carrier says of it.
	f.Exec(`update messages m set state = 'failed', final = true,
		reason = case u.username when 'quick' then 'undelivered' else 'over' end
		from challenges c join users u on u.id = c.user_id
		where c.id = m.challenge_id and u.username in ('quick', 'ignores')`)

	f.say("instead not_delivered", "unlucky not_delivered", "ignores not_entered", "absent not_seen", "skipper skipped",
		"apper quick", "fresh quick", "quick quick")
	drill, err = f.Drill(ctx, f.office)
	if err != nil {
		t.Fatal(err)
	}
	if p := drill.People[1]; p.Country != "NL" || p.Network != "20408" || p.Reason != "undelivered" ||
		p.Reported != "absent" {
		t.Errorf("what was not delivered: %+v", p)
	}

	// Sixty seconds are at once, more are not.
	f.Exec(`update drill_users set asked_at = answered_at - interval '60 seconds' where answered_at is not null`)
	f.Exec(`update drill_users a set asked_at = n.confirmed_at - interval '60.001 seconds' from mobile_numbers n
		where n.user_id = a.user_id and a.user_id = $1`, fresh.User.ID)
	f.Exec(`update drill_users set asked_at = answered_at - interval '60.001 seconds' where user_id = $1`, quick.User.ID)
	f.say("instead not_delivered", "unlucky not_delivered", "ignores not_entered", "absent not_seen", "skipper skipped",
		"fresh late", "quick late", "apper quick")

	// What happens after it is not of it.
	f.is(f.EndDrill(ctx, f.in("boss", time.Hour), client), nil)
	factory.Number(t, f.pool, f.user("later", "user"), factory.NumberOpts{})
	f.is(f.Skip(ctx, f.ID("select id from users where username = 'ignores'")), nil)
	if all := f.outcomes(); len(all) != 8 {
		t.Errorf("after the end the report says %q", all)
	}
}

// Who is asked, and until when: once something was done about it, never again, and never where a code is demanded.
func TestADrillAsksWhoHasSomethingToTryUntilTheyDo(t *testing.T) {
	t.Parallel()
	f := newDrilling(t)
	ctx := t.Context()
	una, bare := f.user("una", "user"), f.user("bare", "user")
	factory.Number(t, f.pool, una, factory.NumberOpts{})
	asks := func(user int64, want bool) {
		t.Helper()
		if got, err := f.Asks(ctx, user); err != nil || got != want {
			t.Errorf("user %d is asked: %v, %v", user, got, err)
		}
	}
	for _, row := range []struct {
		sql string
		una bool
	}{
		{"select", true},
		{"update drills set begun_at = now() - interval '15 days', ends_at = now()", false},
		{"update offices set two_factor_required = true", false},
		{"update users set demanded_from = now()", false},
		{"update offices set demanded_from = now() + interval '1 hour'", true},
		{"insert into drill_users (drill_id, user_id, skipped_at) select id, 2, now() from drills", false},
		{"insert into drill_users (drill_id, user_id, answered_at) select id, 2, now() from drills", false},
		{"insert into drill_users (drill_id, user_id) select id, 2 from drills", true},
		{"insert into drill_users (drill_id, user_id, asked_at) select id, 2, now() - interval '1 day' from drills", true},
		{"delete from mobile_numbers", false},
	} {
		f.Exec("delete from drills; update offices set two_factor_required = false, demanded_from = null")
		f.Exec("update users set demanded_from = null; update mobile_numbers set confirmed_at = now() - interval '2 days'")
		asks(una, false)
		f.begin()
		f.Exec(row.sql)
		if got, err := f.Asks(ctx, una); err != nil || got != row.una {
			t.Errorf("after %q una is asked: %v, %v", row.sql, got, err)
		}
		asks(bare, false)
		if standing, err := f.Ask(ctx, bare); err != nil || standing != rollout.NotAsked ||
			f.Int("select count(*) from drill_users where user_id = $1", bare) != 0 {
			t.Errorf("who has nothing to try is noted: %v, %v", standing, err)
		}
	}
}

// What was proven before the drill asked is no answer, nor is a password; without a drill nothing is asked for.
func TestOnlyAProofOfAfterTheQuestionAnswersIt(t *testing.T) {
	t.Parallel()
	f := newDrilling(t)
	ctx := t.Context()
	factory.Number(t, f.pool, f.user("una", "user"), factory.NumberOpts{})
	f.is(f.Enter(ctx, f.in("una", 0)), nil)
	f.begin()
	proven := f.in("una", time.Second, "sms")
	f.is(f.Enter(ctx, proven), fault.StepUpRequired)
	f.is(f.Enter(ctx, f.in("una", 0)), fault.StepUpRequired)
	f.say("una not_entered")
	f.Exec("update drill_users set asked_at = now() - interval '2 seconds'")
	f.is(f.Enter(ctx, proven), nil)
	f.say("una quick")
	f.is(f.Skip(ctx, proven.User.ID), nil) // in another tab
	f.say("una quick")
}

func TestADrillIsBegunAndEndedByASuperuser(t *testing.T) {
	t.Parallel()
	f := newDrilling(t)
	ctx := t.Context()
	f.user("ann", "accountant")
	f.is(f.BeginDrill(ctx, f.in("ann", 0), client), fault.Forbidden)
	f.is(f.BeginDrill(ctx, f.in("boss", time.Hour), client), fault.StepUpRequired)
	f.Exec("update offices set two_factor_required = true")
	f.is(f.BeginDrill(ctx, f.in("boss", 0, "sms"), client), rollout.ErrDemanded)
	f.Exec("update offices set two_factor_required = false, demanded_from = now() - interval '1 second'")
	f.is(f.BeginDrill(ctx, f.in("boss", 0, "sms"), client), rollout.ErrDemanded)
	// Of superusers it may be demanded earlier, and the others try.
	f.Exec("update offices set demanded_from = now() + interval '7 days'; update users set demanded_from = now()")
	f.is(f.EndDrill(ctx, f.in("boss", 0, "sms"), client), nil)
	boss := f.in("boss", 0, "sms")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { f.is(f.BeginDrill(context.WithoutCancel(ctx), boss, client), nil) })
	}
	group.Wait()
	if n := f.Int("select count(*) from drills"); n != 1 {
		t.Errorf("begun at once, %d drills are under way", n)
	}
	f.is(f.EndDrill(ctx, f.in("ann", 0), client), fault.Forbidden)
	f.is(f.EndDrill(ctx, boss, client), nil)
	f.is(f.EndDrill(ctx, boss, client), nil)
	f.is(f.BeginDrill(ctx, boss, client), nil)
	if got := f.Text("select string_agg(action, ' ' order by id) from audit_events"); got !=
		"drill_begun drill_ended drill_begun" {
		t.Errorf("the history says %s", got)
	}
}
