package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// silent is an outbox whose jobs nobody works.
type silent struct{}

func (silent) SendCode(context.Context, pgx.Tx, int64, int, bool) error { return nil }

// world is two offices, each with a user, jane, and a superuser, boss; ACME has the provider.
type world struct {
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

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), pool: dbtest.Pool(t), idp: federationtest.Start(t), users: map[string]account.User{}}
	log := audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil)))
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	w.sessions = session.NewStore(w.pool, log)
	w.factors = twofactor.New(w.pool, ring, w.sessions, silent{}, log, nil, "Nightlatch")
	w.offices = office.New(w.pool, log, "demo")
	w.sso = New(w.pool, ring, w.factors, log, &url.URL{Scheme: "http", Host: "localhost:8080"})
	for _, code := range []string{"ACME", "OTHER"} {
		if err := w.offices.Create(w.ctx, code, code+" Accountants", audit.CommandLine); err != nil {
			t.Fatal(err)
		}
		officeID := w.count("select id from offices where code = '" + code + "'")
		for name, role := range map[string]string{"jane": "user", "boss": "superuser"} {
			id := w.count(fmt.Sprintf("insert into users (office_id, username, name, role, password_hash) values (%d, '%s', '%[2]s', '%s', 'x') returning id", officeID, name, role))
			w.users[code+"/"+name] = account.User{ID: id, OfficeID: officeID, Username: name, Name: name, Role: account.Role(role)}
		}
		w.provide(code, Refuse)
	}
	return w
}

// provide sets the provider of an office.
func (w *world) provide(code string, policy Policy, acrs ...string) {
	w.t.Helper()
	set := Settings{Issuer: w.idp.URL, ClientID: federationtest.ClientID, Policy: policy, ACRValues: acrs}
	if err := w.sso.Save(w.ctx, w.signedIn(code+"/boss"), set, federationtest.Secret, session.Client{}); err != nil {
		w.t.Fatal(err)
	}
}

// signedIn is a session with a fresh proof of everything, which stands in no table.
func (w *world) signedIn(who string) session.Session {
	s := session.Session{User: w.users[who], Level: 2, Methods: []string{"pwd", "otp"}}
	s.TwoFactorRequired = w.count(fmt.Sprintf("select two_factor_required::int from offices where id = %d", s.User.OfficeID)) == 1
	_ = w.pool.QueryRow(w.ctx, "select now()").Scan(&s.Now)
	s.PasswordAt, s.SecondFactorAt = s.Now, s.Now
	return s
}

func (w *world) count(sql string) (n int64) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.ctx, sql).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (w *world) exec(sql string) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.ctx, sql); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) demand(on bool) {
	w.exec(fmt.Sprintf("update offices set two_factor_required = %v", on))
}

// link gives ACME's jane the provider's subject-1.
func (w *world) link() {
	jane := w.users["ACME/jane"]
	w.exec(fmt.Sprintf("insert into sso_identities (office_id, user_id, issuer, subject) values (%d, %d, '%s', 'subject-1')", jane.OfficeID, jane.ID, w.idp.URL))
}

// leave sends a browser of ACME's to the provider, and answers its token and what it brings back.
func (w *world) leave() (session.Token, url.Values) { return w.leaveFrom("ACME") }

func (w *world) leaveFrom(code string) (session.Token, url.Values) {
	w.t.Helper()
	browser, err := w.sso.Begin(w.ctx, code)
	if err != nil {
		w.t.Fatal(err)
	}
	onward, err := w.sso.Onward(w.ctx, browser)
	if err != nil {
		w.t.Fatal(err)
	}
	return browser, w.idp.LogIn(w.t, onward.URL)
}

func (w *world) comeBack(browser session.Token, q url.Values) (Arrival, error) {
	return w.sso.Return(w.ctx, Answer{
		State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error"), Browser: browser,
		Client: session.Client{Address: "192.0.2.7"}, Speaks: func(string) string { return "en" },
	})
}

func (w *world) roundTrip() (Arrival, error) {
	w.t.Helper()
	return w.comeBack(w.leave())
}

// nothing fails the test when a session was begun, or a link made or prepared.
func (w *world) nothing(links int64) {
	w.t.Helper()
	if n := w.count("select count(*) from sessions"); n != 0 {
		w.t.Errorf("%d sessions were begun", n)
	}
	if n := w.count("select count(*) from sso_identities"); n != links {
		w.t.Errorf("there are %d links, not %d", n, links)
	}
	if n := w.count("select count(*) from sso_flows where purpose = 'link'"); n != 0 {
		w.t.Errorf("%d links are prepared", n)
	}
}

// trouble fails the test unless err is trouble of this kind.
func (w *world) trouble(err error, kind Kind) {
	w.t.Helper()
	var trouble *Trouble
	if !errors.As(err, &trouble) || trouble.Kind != kind {
		w.t.Errorf("answered %v, want %s", err, kind)
	}
}
