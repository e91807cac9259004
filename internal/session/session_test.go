package session

import (
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestASessionEndsByTheDatabasesClockAndChangesItsToken(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	store := NewStore(pool, audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("insert into offices (code, name) values ('ACME', 'Acme')")
	exec("insert into users (office_id, username, name, role, password_hash) select id, 'jdoe', 'J. Doe', 'user', 'x' from offices")
	// The office keeps a superuser, whatever happens to the user.
	exec("insert into users (office_id, username, name, role, password_hash) select id, 'boss', 'Boss', 'superuser', 'x' from offices")
	user := account.User{ID: 1, OfficeID: 1, Username: "jdoe", Role: account.RoleUser}
	inTx := func(do func(tx pgx.Tx) error) {
		t.Helper()
		if err := db.InTx(t.Context(), pool, do); err != nil {
			t.Fatal(err)
		}
	}
	start := func() (token Token) {
		inTx(func(tx pgx.Tx) (err error) {
			_, token, err = store.Start(t.Context(), tx, user, Client{Address: "192.0.2.1"}, false)
			return err
		})
		return token
	}
	alive := func(token Token) bool {
		t.Helper()
		_, err := store.Load(t.Context(), token)
		if err != nil && !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		return err == nil
	}

	for name, c := range map[string]struct {
		sql   string
		lives bool
	}{
		"29 minutes idle":              {"update sessions set last_seen_at = now() - interval '29 minutes'", true},
		"31 minutes idle":              {"update sessions set last_seen_at = now() - interval '31 minutes'", false},
		"16 minutes idle, a superuser": {"update sessions set last_seen_at = now() - interval '16 minutes'; update users set role = 'superuser' where id = 1", false},
		"at its overall limit":         {"update sessions set expires_at = now()", false},
		"ended":                        {"update sessions set ended_at = now()", false},
		"its user disabled":            {"update users set disabled_at = now() where id = 1", false},
	} {
		exec("delete from sessions")
		exec("update users set disabled_at = null, role = 'user' where id = 1")
		token := start()
		if !alive(token) {
			t.Fatalf("%s: not alive from the start", name)
		}
		exec(c.sql)
		if alive(token) != c.lives {
			t.Errorf("%s: alive is %v", name, !c.lives)
		}
	}

	exec("delete from sessions")
	exec("update users set disabled_at = null, role = 'user' where id = 1")
	first := start()
	sess, err := store.Load(t.Context(), first)
	if err != nil || sess.Pending() {
		t.Fatalf("%+v, %v", sess, err)
	}
	exec("update offices set two_factor_required = true")
	if sess, err = store.Load(t.Context(), first); err != nil || !sess.Pending() {
		t.Error("the office demands two factors, and the session is not pending")
	}
	var second Token
	inTx(func(tx pgx.Tx) (err error) {
		second, err = store.Raise(t.Context(), tx, sess, MethodSMS)
		return err
	})
	if alive(first) || !alive(second) {
		t.Error("the token before the second step still opens, or the new one does not")
	}
	if alive("") || alive("x") || alive(NewToken()) {
		t.Error("a token that is none opens")
	}
}
