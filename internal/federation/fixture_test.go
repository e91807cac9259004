package federation

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// fixture is two offices, each with a user, jane, and a superuser, boss; ACME has the provider.
type fixture struct {
	dbtest.Database
	t        testing.TB
	ctx      context.Context
	pool     *db.Pool
	sso      *Service
	sessions *session.Store
	factors  *twofactor.Service
	offices  *office.Service
	idp      *federationtest.Provider
	users    map[string]account.User // by "OFFICE/username"
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, ctx: context.Background(), idp: federationtest.Start(t), users: map[string]account.User{}}
	f.Database, f.pool = dbtest.New(t)
	log, ring := factory.AuditLog(), factory.Keys(t)
	f.sessions = session.NewStore(f.pool, log)
	ways := account.NewWays(account.NoMail{}, f.sessions, log)
	f.factors = twofactor.New(f.pool, ring, f.sessions, factory.Outbox{}, ways, log, nil, "Nightlatch")
	f.offices = office.New(f.pool, ways, log, "demo")
	f.sso = New(f.pool, ring, f.factors, ways, log, &url.URL{Scheme: "http", Host: "localhost:8080"})
	for _, code := range []string{"ACME", "OTHER"} {
		officeID := factory.Office(t, f.pool, factory.OfficeOpts{Code: code, Name: code + " Accountants"}).ID
		for name, role := range map[string]string{"jane": "user", "boss": "superuser"} {
			id := factory.User(t, f.pool, officeID, factory.UserOpts{Username: name, Role: role}).ID
			f.users[code+"/"+name] = account.User{
				ID: id, OfficeID: officeID, Username: name, Name: name, Role: account.Role(role), PasswordVersion: 1,
			}
		}
		f.provide(code, Refuse)
	}
	return f
}

// provide sets the provider of an office.
func (f *fixture) provide(code string, policy Policy, acrs ...string) {
	f.t.Helper()
	set := Settings{Issuer: f.idp.URL, ClientID: federationtest.ClientID, Policy: policy, ACRValues: acrs}
	if err := f.sso.Save(f.ctx, f.signedIn(code+"/boss"), set, federationtest.Secret, session.Client{}); err != nil {
		f.t.Fatal(err)
	}
}

// ours is the address of the sessions that the fixture made.
const ours = "192.0.2.99"

// signedIn is a session with a fresh proof of everything.
func (f *fixture) signedIn(who string) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.users[who].ID, factory.SessionOpts{
		TokenHash: token.Hash(), Factors: []string{"otp"}, Address: ours,
	})
	s, err := f.sessions.Load(f.ctx, token)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// begun is how many sessions were begun.
func (f *fixture) begun() int64 {
	f.t.Helper()
	return f.ID("select count(*) from sessions where address <> $1", ours)
}

func (f *fixture) demand(on bool) {
	f.Exec("update offices set two_factor_required = $1", on)
}

// link gives ACME's jane the provider's subject-1.
func (f *fixture) link() { f.identity("ACME/jane", f.idp.URL) }

// identity gives a user the subject-1 of an issuer.
func (f *fixture) identity(who, issuer string) {
	f.t.Helper()
	f.Exec("insert into sso_identities (office_id, user_id, issuer, subject) values ($1, $2, $3, 'subject-1')",
		f.users[who].OfficeID, f.users[who].ID, issuer)
}

// leave sends a browser of ACME's to the provider, and returns its token and what it brings back.
func (f *fixture) leave() (session.Token, url.Values) { return f.leaveFrom("ACME") }

func (f *fixture) leaveFrom(code string) (session.Token, url.Values) {
	f.t.Helper()
	browser, err := f.sso.Begin(f.ctx, code, "", session.Client{})
	if err != nil {
		f.t.Fatal(err)
	}
	onward, err := f.sso.Onward(f.ctx, browser)
	if err != nil {
		f.t.Fatal(err)
	}
	return browser, f.idp.LogIn(f.t, onward.URL)
}

func (f *fixture) comeBack(browser session.Token, q url.Values) (Arrival, error) {
	return f.sso.Return(f.ctx, Answer{
		State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error"), Browser: browser,
		Client: session.Client{Address: "192.0.2.7"}, Speaks: func(string) string { return "en" },
	})
}

func (f *fixture) roundTrip() (Arrival, error) {
	f.t.Helper()
	return f.comeBack(f.leave())
}

// nothing fails the test when a session was begun, or a link made or prepared.
func (f *fixture) nothing(links int64) {
	f.t.Helper()
	if n := f.begun(); n != 0 {
		f.t.Errorf("%d sessions were begun", n)
	}
	if n := f.ID("select count(*) from sso_identities"); n != links {
		f.t.Errorf("there are %d links, not %d", n, links)
	}
	if n := f.ID("select count(*) from sso_flows where purpose = 'link'"); n != 0 {
		f.t.Errorf("%d links are prepared", n)
	}
}

// trouble fails the test unless err is trouble of this kind.
func (f *fixture) trouble(err error, kind Kind) {
	f.t.Helper()
	var trouble *Trouble
	if !errors.As(err, &trouble) || trouble.Kind != kind {
		f.t.Errorf("answered %v, want %s", err, kind)
	}
}
