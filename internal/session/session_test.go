package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// fixture is an office with the user jdoe, and a superuser, whom the office keeps whatever happens to the user.
type fixture struct {
	dbtest.Database
	t     testing.TB
	pool  *db.Pool
	store *Store
	user  account.User

	networks atomic.Int64 // that log-ins came from
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.Database, f.pool = dbtest.New(t)
	f.store = NewStore(f.pool, factory.AuditLog())
	office := factory.Office(t, f.pool, factory.OfficeOpts{}).ID
	id := factory.User(t, f.pool, office, factory.UserOpts{Username: "jdoe"}).ID
	factory.User(t, f.pool, office, factory.UserOpts{Username: "boss", Role: "superuser"})
	f.user = account.User{ID: id, OfficeID: office, Username: "jdoe", Role: account.RoleUser, PasswordVersion: 1}
	return f
}

func (f *fixture) inTx(do func(tx pgx.Tx) error) {
	f.t.Helper()
	if err := db.InTx(context.Background(), f.pool, do); err != nil {
		f.t.Error(err)
	}
}

// start begins a session under the user's lock, as a log-in does.
func (f *fixture) start(pending bool) Token {
	f.t.Helper()
	token, _ := f.startIn("", pending)
	return token
}

// startIn is start in a browser, by the hash of its cookie.
func (f *fixture) startIn(browser string, pending bool) (token Token, sess Session) {
	f.t.Helper()
	// Each from a network of its own: what one network may begin has a test of its own.
	client := Client{Address: fmt.Sprintf("198.18.%d.1", f.networks.Add(1)%250)}
	if browser != "" {
		client.Browser = []byte(browser)
	}
	token, sess, err := f.startAt(client, pending)
	if err != nil {
		f.t.Error(err)
	}
	return token, sess
}

func (f *fixture) startAt(client Client, pending bool) (token Token, sess Session, err error) {
	err = db.InTx(context.Background(), f.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), "select from users where id = $1 for update", f.user.ID)
		if err != nil {
			return err
		}
		sess, token, err = f.store.Start(context.Background(), tx, f.user, client, ByPassword, pending)
		return err
	})
	return token, sess, err
}

func TestASessionEndsByTheDatabasesClockAndChangesItsToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	alive := func(token Token) bool {
		t.Helper()
		_, err := f.store.Load(t.Context(), token)
		if err != nil && !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		return err == nil
	}

	for name, c := range map[string]struct {
		sql   string
		lives bool
	}{
		"29 minutes idle": {"update sessions set last_seen_at = now() - interval '29 minutes'", true},
		"31 minutes idle": {"update sessions set last_seen_at = now() - interval '31 minutes'", false},
		"16 minutes idle, a superuser": {
			"update sessions set last_seen_at = now() - interval '16 minutes'; update users set role = 'superuser' where id = 1",
			false,
		},
		"at its overall limit": {"update sessions set expires_at = now()", false},
		"ended":                {"update sessions set ended_at = now()", false},
		"its user disabled":    {"update users set disabled_at = now() where id = 1", false},
	} {
		f.Exec("delete from sessions")
		f.Exec("update users set disabled_at = null, role = 'user' where id = 1")
		token := f.start(false)
		if !alive(token) {
			t.Fatalf("%s: not alive from the start", name)
		}
		f.Exec(c.sql)
		if alive(token) != c.lives {
			t.Errorf("%s: alive is %v", name, !c.lives)
		}
	}

	f.Exec("delete from sessions")
	f.Exec("update users set disabled_at = null, role = 'user' where id = 1")
	first := f.start(false)
	sess, err := f.store.Load(t.Context(), first)
	if err != nil || sess.Pending() {
		t.Fatalf("%+v, %v", sess, err)
	}
	f.Exec("update offices set two_factor_required = true")
	if sess, err = f.store.Load(t.Context(), first); err != nil || !sess.Pending() {
		t.Error("the office demands two factors, and the session is not pending")
	}
	var second Token
	f.inTx(func(tx pgx.Tx) (err error) {
		second, err = f.store.Raise(t.Context(), tx, sess, factor.SMS)
		return err
	})
	if alive(first) || !alive(second) {
		t.Error("the token before the second step still opens, or the new one does not")
	}
	if alive("") || alive("x") || alive(NewToken()) {
		t.Error("a token that is none opens")
	}
}
