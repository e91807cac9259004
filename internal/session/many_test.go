package session

import (
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestTheOldestSessionEndsWhenThereAreTooMany(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	store := NewStore(pool, audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	for _, sql := range []string{
		"insert into offices (code, name) values ('ACME', 'Acme')",
		"insert into users (office_id, username, name, role, password_hash) select id, 'jdoe', 'J. Doe', 'user', 'x' from offices",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	user := account.User{ID: 1, OfficeID: 1, Username: "jdoe", Role: account.RoleUser}
	start := func(pending bool) (token Token) {
		t.Helper()
		err := db.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
			if _, err := tx.Exec(t.Context(), "select from users where id = 1 for update"); err != nil { // as twofactor.Begin does
				return err
			}
			_, token, err = store.Start(t.Context(), tx, user, Client{Address: "192.0.2.1"}, pending)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return token
	}
	living := func(where string) (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "select count(*) from sessions where ended_at is null and "+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := start(false)
	var all sync.WaitGroup
	for range MaxLiving + 4 {
		all.Go(func() { start(false) })
	}
	all.Wait()
	if n := living("true"); n != MaxLiving {
		t.Errorf("%d sessions live", n)
	}
	if _, err := store.Load(t.Context(), first); err == nil {
		t.Error("the oldest lives")
	}
	var displaced int
	if err := pool.QueryRow(t.Context(), "select count(*) from audit_events where action = 'session_displaced'").Scan(&displaced); err != nil || displaced != 5 {
		t.Errorf("%d were written down, %v", displaced, err)
	}

	// Whoever knows the password alone ends nobody's session of two factors.
	if _, err := pool.Exec(t.Context(), "update offices set two_factor_required = true"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "update sessions set level = 2, second_factor_at = now()"); err != nil {
		t.Fatal(err)
	}
	var newest Token
	for range MaxLiving + 5 {
		newest = start(true)
	}
	if full, pending := living("level = 2"), living("level = 1"); full != MaxLiving || pending != MaxLiving {
		t.Errorf("%d sessions and %d pending log-ins live", full, pending)
	}
	// The second step makes one more session: the oldest of those makes room.
	sess, err := store.Load(t.Context(), newest)
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
		newest, err = store.Raise(t.Context(), tx, sess, MethodSMS)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), newest); err != nil || living("level = 2") != MaxLiving {
		t.Errorf("after the second step %d sessions live: %v", living("level = 2"), err)
	}
}
