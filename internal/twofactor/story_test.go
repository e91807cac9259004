package twofactor_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// A story is a random sequence of acts by the owner of an account, a holder of its password, strangers, another office,
// the superuser, and the clock. Whatever happens,
//
//   - nobody is in without both factors;
//   - the owner's factors change by the owner's own hand, or by a reset;
//   - the owner with password and factor is in within a minute, in a known browser, and after a new password in any;
//   - strangers write a bounded number of rows.
//
// A sequence that breaks this is told as the shortest one that does. NIGHTLATCH_STORIES is how many are tried, of some
// thirty acts each; they take a second or two.
func TestWhateverHappensTheOwnerIsInAndNobodyElse(t *testing.T) {
	t.Parallel()
	tries := "5"
	if asked := os.Getenv("NIGHTLATCH_STORIES"); asked != "" {
		tries = asked
	}
	if err := errors.Join(flag.Set("rapid.checks", tries), flag.Set("rapid.nofailfile", "true")); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	hasher := account.NewHasher(factory.CheapHash())
	rapid.Check(t, func(rt *rapid.T) { newStory(rt, f, hasher).run() })
}

// story is one installation while the story is told. It fails by panics that rapid shrinks.
type story struct {
	*fixture
	*rapid.T
	accounts *account.Service
	offices  *office.Service

	owner, boss, colleague, evil account.User
	office                       int64

	password string // the owner's; "" after a reset
	leaked   string // the password that the holder knows
	words    int    // how many passwords there were

	// What the owner has to prove a second factor with.
	secret string
	number phone.Number
	former phone.Number   // number, or the one that a reset took
	mine   session.Client // the browser that the owner came in with last

	held      []session.Token // sessions that the holder began
	mailed    []account.Token // links in the owner's mailbox
	forgotten []int64
	strangers int // acts of whoever is not in
}

const storyPassword = "a password of the owner, number %d"

func newStory(rt *rapid.T, f *fixture, hasher *account.Hasher) *story {
	s := &story{fixture: f, T: rt, mine: mine}
	s.clear()
	log := factory.AuditLog()
	f.serve(s)
	s.accounts = account.New(f.pool, hasher, f.ways, s, log, "Nightlatch")
	s.offices = office.New(f.pool, f.ways, log, "")
	s.office = f.office("ACME", required)
	s.owner, s.boss = f.user(s.office, account.RoleUser), f.user(s.office, account.RoleSuperuser)
	s.colleague, s.evil = f.user(s.office, account.RoleUser), f.user(f.office("EVIL", required), account.RoleUser)
	f.Exec("update users set email = username || '@acme.example' where id = $1", s.owner.ID)
	f.confirmed(s.boss, phone.Number{E164: "+31611111111", Country: "NL"})
	s.number, s.former = numberA, numberA
	f.confirmed(s.owner, s.number)
	factory.KnownBrowser(f.t, f.pool, s.owner.ID, string(mine.Browser))
	s.newPassword(func(password string) error { return s.accounts.SetPassword(s.ctx(), s.owner.ID, password) })
	s.leaked = s.password
	return s
}

func (s *story) ctx() context.Context { return context.Background() }

// clear empties the database, since a story begins anew while it is shrunk.
func (s *story) clear() {
	s.Exec(`do $$ declare t text; begin
		for t in select tablename from pg_tables where schemaname = 'public' and tablename not like 'river_%'
			and tablename not in ('goose_db_version', 'installation', 'refused_logins')
		loop
			execute format('alter table %I disable trigger user', t);
			execute format('truncate %I restart identity cascade', t);
			execute format('alter table %I enable trigger user', t);
		end loop;
	end $$`)
}

// later lets time pass, in the database and on the phones.
func (s *story) later(d time.Duration) {
	s.now = s.now.Add(d)
	s.Exec(fmt.Sprintf(`do $$ declare c record; begin
		for c in select table_name, string_agg(format('%%1$I = %%1$I - interval ''%[1]d seconds''', column_name), ', ') sets
			from information_schema.columns join pg_tables on schemaname = table_schema and tablename = table_name
			where table_schema = 'public' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
				and table_name not like 'river_%%' and table_name not in ('goose_db_version', 'installation', 'refused_logins')
			group by table_name
		loop
			execute format('alter table %%I disable trigger user', c.table_name);
			execute format('update %%I set %%s', c.table_name, c.sets);
			execute format('alter table %%I enable trigger user', c.table_name);
		end loop;
	end $$`, int(d.Seconds())))
}

// CanMail returns true.
func (s *story) CanMail() bool { return true }

// Mail keeps the links that reach the owner.
func (s *story) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	if m.UserID == s.owner.ID && m.Token != "" {
		s.mailed = append(s.mailed, m.Token)
	}
	return nil
}

// AnswerForgotten keeps what the job is to do.
func (s *story) AnswerForgotten(_ context.Context, _ pgx.Tx, id int64) error {
	s.forgotten = append(s.forgotten, id)
	return nil
}

// work runs the jobs that are due.
func (s *story) work() {
	for _, id := range s.forgotten {
		s.must("answer", s.accounts.AnswerForgotten(s.ctx(), id, func(context.Context, pgx.Tx) error { return nil }))
	}
	s.forgotten = nil
}

func (s *story) run() {
	s.Repeat(map[string]func(*rapid.T){
		"":                                        s.holds,
		"the owner logs in":                       func(*rapid.T) { s.ownerIn(s.mine) },
		"the owner mistypes a code":               s.ownerMistypes,
		"the owner changes the password":          s.ownerChangesPassword,
		"the owner sets an app up":                s.ownerAddsApp,
		"the owner takes another number":          s.ownerChangesNumber,
		"the owner forgot the password":           func(*rapid.T) { s.ownerForgot() },
		"the holder logs in":                      s.holderLogsIn,
		"the holder guesses codes":                s.holderGuesses,
		"the holder asks for codes":               s.holderAsks,
		"the holder enrols a number":              s.holderEnrolsNumber,
		"the holder enters what an own phone got": s.holderEnters,
		"the holder enrols an app":                s.holderEnrolsApp,
		"the holder proves the password":          s.holderProvesPassword,
		"strangers guess passwords":               s.strangersGuess,
		"strangers ask for new passwords":         s.strangersForget,
		"others have the owner's number texted":   s.othersAsk,
		"the superuser turns the switch":          s.bossSwitches,
		"the superuser resets the owner":          s.bossResets,
		"time passes":                             s.timePasses,
		"upkeep runs": func(*rapid.T) {
			s.must("upkeep", errors.Join(s.factors.Upkeep(s.ctx()), s.accounts.LinkUpkeep(s.ctx())))
		},
	})
	s.bounded()
	if s.password == "" {
		s.ownerForgot() // the reset took the password
	}
	s.ownerIn(s.mine)
	s.ownerForgot()
	s.ownerIn(session.Client{Address: "203.0.113.200", UserAgent: "new", Browser: []byte("a new browser")})
}

// holds asks what must be true at every moment.
func (s *story) holds(*rapid.T) {
	for _, token := range s.held {
		sess, err := s.sessions.Load(s.ctx(), token)
		if errors.Is(err, session.ErrNone) {
			continue
		}
		s.must("load", err)
		if sess.Level > 1 || sess.TwoFactorRequired && !sess.Pending() {
			s.Fatalf("the holder of the password is in with %v", sess.Methods)
		}
	}
	set, err := s.enrolled(s.owner.ID)
	s.must("read factors", err)
	if n := set.Confirmed(); (n != nil) != (s.number.E164 != "") || n != nil && *n != s.number {
		s.Fatalf("the number is %+v, not the owner's %+v", set.Of(factor.SMS), s.number)
	}
	if set.Has(factor.App) != (s.secret != "") {
		s.Fatalf("that there is an app is %v", set.Has(factor.App))
	}
}

// bounded counts the rows that acts of whoever is not in may write without end.
func (s *story) bounded() {
	for table, most := range map[string]int{
		"password_failures": 400, "login_networks": 50, "refused_logins": 400, "password_reset_requests": 400,
		"challenges": 400, "sessions": 800,
	} {
		if n := s.Int("select count(*) from " + table); n > most {
			s.Fatalf("%d acts of strangers wrote %d rows of %s", s.strangers, n, table)
		}
	}
}

func (s *story) must(what string, err error) {
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}

// within does something that may have to wait, for a minute in all.
func (s *story) within(what string, do func() error) {
	for left := time.Minute; ; {
		err := do()
		if err == nil {
			return
		}
		wait := time.Second
		var delay *account.Delay
		var soon *twofactor.TooSoon
		switch {
		case errors.As(err, &delay):
			wait = delay.Wait
		case errors.As(err, &soon):
			wait = 10 * time.Second
		case !errors.Is(err, account.ErrBusy):
			s.Fatalf("%s: %v", what, err)
		}
		if left -= wait; left < 0 {
			s.Fatalf("%s: not within a minute: %v", what, err)
		}
		s.later(wait)
	}
}
