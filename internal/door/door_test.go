package door

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// unsigned asserts nothing.
type unsigned struct{}

func (unsigned) Assert(context.Context, string, string, any) (string, error) { return "signed", nil }

const host = "payroll.example"

// fixture is a service whose node listens, with somebody who may enter Payroll.
type fixture struct {
	dbtest.Database
	*Service
	t          *testing.T
	pool       *db.Pool
	statements *dbtest.Statements
	registry   *application.Service
	id         int64 // of Payroll
	user       int64
	sess       session.Session
	state      []byte
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	_, pgxPool, statements := dbtest.Counted(t)
	changes := db.NewChanges(time.Now)
	pool := db.NewPool(pgxPool, changes)
	service, err := New(pool, factory.AuditLog(), unsigned{}, changes, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		db.Listen(ctx, pgxPool.Config().ConnString(), pool, changes, factory.Logger())
		close(done)
	}()
	t.Cleanup(func() { stop(); <-done })
	for !changes.Hold(changes.Mark()) {
		time.Sleep(5 * time.Millisecond)
	}
	sum := sha256.Sum256([]byte("state"))
	f := &fixture{
		Database: dbtest.Of(t, pool), Service: service, t: t, pool: pool, statements: statements,
		registry: application.New(pool, factory.AuditLog(), "login.example"), state: sum[:],
	}
	office := factory.Office(t, pool, factory.OfficeOpts{Code: "ACME"})
	f.user = factory.User(t, pool, office.ID, factory.UserOpts{Role: "superuser"}).ID
	factory.User(t, pool, office.ID, factory.UserOpts{Username: "another", Role: "superuser"}) // one has to stay
	token := session.NewToken()
	factory.Session(t, pool, f.user, factory.SessionOpts{TokenHash: token.Hash(), Factors: []string{"sms"}})
	if f.sess, err = session.NewStore(pool, factory.AuditLog()).Load(ctx, token); err != nil {
		t.Fatal(err)
	}
	f.id, err = f.registry.Create(ctx, application.Application{
		Kind: application.Forward, Name: "Payroll", URL: "https://" + host, AllOffices: true, Roles: application.Roles(),
	}, audit.CommandLine, "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ticket returns a ticket of the session for the host.
func (f *fixture) ticket() session.Token {
	f.t.Helper()
	admission, err := f.Admit(f.t.Context(), f.sess, host, f.state, session.Client{})
	if err != nil || admission.Refusal != application.Allowed {
		f.t.Fatalf("not admitted: %+v, %v", admission, err)
	}
	return admission.Ticket
}

// in returns the token of a browser that was let in.
func (f *fixture) in() session.Token {
	f.t.Helper()
	token, refusal, err := f.Enter(f.t.Context(), f.ticket(), host, f.state, session.Client{})
	if err != nil || refusal != application.Allowed {
		f.t.Fatalf("not let in: %q, %v", refusal, err)
	}
	return token
}

func (f *fixture) check(token session.Token) Answer {
	f.t.Helper()
	answer, err := f.Check(f.t.Context(), token, host)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer
}

func TestATicketServesOnceInItsBrowserAtItsHost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := sha256.Sum256([]byte("another browser"))
	for name, use := range map[string]func(ticket session.Token) (session.Token, application.Refusal, error){
		"another browser": func(ticket session.Token) (session.Token, application.Refusal, error) {
			return f.Enter(t.Context(), ticket, host, other[:], session.Client{})
		},
		"another host": func(ticket session.Token) (session.Token, application.Refusal, error) {
			return f.Enter(t.Context(), ticket, "other.example", f.state, session.Client{})
		},
		"a minute later": func(ticket session.Token) (session.Token, application.Refusal, error) {
			f.Exec("update tickets set expires_at = now() - interval '1 second'")
			return f.Enter(t.Context(), ticket, host, f.state, session.Client{})
		},
		"after a log-out": func(ticket session.Token) (session.Token, application.Refusal, error) {
			f.Exec("update sessions set ended_at = now()")
			defer f.Exec("update sessions set ended_at = null")
			return f.Enter(t.Context(), ticket, host, f.state, session.Client{})
		},
	} {
		ticket := f.ticket()
		for range 2 {
			if token, _, err := use(ticket); !errors.Is(err, ErrTicket) || token != "" {
				t.Errorf("%s: it opens: %v", name, err)
			}
		}
		if name == "after a log-out" {
			continue // nothing was taken
		}
		if _, _, err := f.Enter(t.Context(), ticket, host, f.state, session.Client{}); !errors.Is(err, ErrTicket) {
			t.Errorf("%s: it can be tried again: %v", name, err)
		}
	}
	if n := f.Int("select count(*) from application_sessions"); n != 0 {
		t.Errorf("%d sessions were made", n)
	}
	ticket := f.ticket()
	if _, _, err := f.Enter(t.Context(), ticket, host, f.state, session.Client{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Enter(t.Context(), ticket, host, f.state, session.Client{}); !errors.Is(err, ErrTicket) {
		t.Errorf("it serves twice: %v", err)
	}
}

func TestACheckIsOneStatementAndThenNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token := f.in()
	// What is told of the log-in may come after the first check, which is then forgotten.
	asked, _ := f.statements.Of(func() { f.check(token) })
	for wait := range 500 {
		if len(asked) > 1 || wait == 0 && len(asked) == 0 {
			t.Fatalf("check %d asks %v", wait+1, asked)
		}
		if asked, _ = f.statements.Of(func() { f.check(token) }); len(asked) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(asked) != 0 {
		t.Errorf("every check asks %v", asked)
	}
	if answer, err := f.Check(t.Context(), token, "other.example"); err != nil || answer.In {
		t.Errorf("the cookie of one host opens another: %+v, %v", answer, err)
	}
}

// Whatever a check was made from: changed by this node it counts from the next check on, whoever changes it.
func TestEveryChangeCountsFromTheNextCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change string
		in     bool // the browser's session goes on
		want   application.Refusal
	}{
		{"update sessions set ended_at = now()", false, ""},
		{"update sessions set expires_at = now() - interval '1 s'", false, ""},
		{"update users set disabled_at = now() where username <> 'another'", false, ""},
		{"update users set password_hash = password_hash || 'x'", false, ""},
		{"delete from application_sessions", false, ""},
		{"update sessions set level = 1, second_factor_at = null, methods = '{pwd}'; " +
			"update offices set two_factor_required = true", true, application.Unfinished},
		{"update applications set disabled_at = now()", true, application.Disabled},
		{"update applications set roles = '{user}'", true, application.NotRole},
		{"update applications set all_offices = false", true, application.NotOffice},
		{"update applications set max_factor_age = '1 minute'; " +
			"update sessions set second_factor_at = now() - interval '2 minutes'", true, application.FactorAge},
		{"insert into office_applications (office_id, application_id, roles, off) " +
			"select o.id, a.id, '{superuser}', true from offices o, applications a", true, application.Off},
		{"update users set role = 'user' where username <> 'another'; " +
			"update applications set roles = '{superuser}'", true, application.NotRole},
		{"delete from applications", false, ""},
	} {
		t.Run(c.change, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			token := f.in()
			if answer := f.check(token); !answer.In || answer.Refusal != application.Allowed {
				t.Fatalf("before: %+v", answer)
			}
			for statement := range strings.SplitSeq(c.change, "; ") {
				f.Exec(statement)
			}
			if answer := f.check(token); answer.In != c.in || answer.Refusal != c.want {
				t.Errorf("after: %+v", answer)
			}
		})
	}
}

// An answer has every header, and nothing that could be a second one.
func TestEveryAnswerHasEveryHeader(t *testing.T) {
	t.Parallel()
	for _, headers := range []Headers{{}, {fixed: fieldsOf(Identity{
		Subject: "s", OfficeCode: "ACME", Username: "jdoe", Name: "J\r\nRemote-User: root", Email: "j@acme.example",
		Role: account.RoleUser, Factor: "sms",
	}, "signed"), factorAt: time.Unix(100, 0), at: time.Unix(160, 0)}} {
		set := map[string][]string{}
		headers.Set(set)
		for _, name := range HeaderNames() {
			if len(set[name]) != 1 || strings.ContainsAny(set[name][0], "\r\n") {
				t.Errorf("%s is %q", name, set[name])
			}
		}
		if len(set) != len(HeaderNames()) {
			t.Errorf("%v is set", set)
		}
	}
	names := HeaderNames()
	slices.Sort(names)
	if len(slices.Compact(names)) != 10 {
		t.Errorf("the headers are %v", names)
	}
}

// A date that comes is told by nobody: what two nodes remember of a browser ends with it, to the moment, no sooner.
func TestADateThatComesCountsOnEveryNodeAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update sessions set level = 1, methods = '{pwd}', second_factor_at = null")
	token := f.in()
	var ahead atomic.Int64
	var nodes []*Service
	for range 2 {
		node, err := New(f.pool, factory.AuditLog(), unsigned{}, f.memory.changes,
			func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, node)
	}
	f.Exec("update offices set demanded_from = now() + interval '20 seconds'")
	remembers := func(node *Service) bool {
		sum := [32]byte(token.Hash())
		_, ok := node.memory.get(sum)
		return ok
	}
	for n, node := range nodes {
		answer, err := node.Check(t.Context(), token, host)
		if err != nil || answer.Refusal != application.Allowed || !answer.In {
			t.Fatalf("node %d before: %+v, %v", n, answer, err)
		}
		for !remembers(node) { // the listener tells of the update once more
			if _, err := node.Check(t.Context(), token, host); err != nil {
				t.Fatal(err)
			}
		}
		for _, at := range []struct {
			ahead time.Duration
			holds bool
		}{{19 * time.Second, true}, {20 * time.Second, false}, {21 * time.Second, false}} {
			ahead.Store(int64(at.ahead))
			if got := remembers(node); got != at.holds {
				t.Errorf("node %d, %v later: remembers: %v", n, at.ahead, got)
			}
		}
		ahead.Store(0)
	}
	f.Exec("alter table offices disable trigger offices_date_changed; update offices set demanded_from = now()")
	for n, node := range nodes {
		ahead.Store(int64(20 * time.Second))
		if answer, err := node.Check(t.Context(), token, host); err != nil || answer.Refusal == application.Allowed {
			t.Errorf("node %d at the date: %+v, %v", n, answer, err)
		}
	}
}
