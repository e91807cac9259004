package session

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// Whatever ends a session, its token opens nothing from then on, and its code is neither sent nor kept.
func TestASessionEndsInEveryWay(t *testing.T) {
	t.Parallel()
	end := func(which func(Session) Which) func(*fixture, Session) {
		return func(f *fixture, sess Session) {
			f.inTx(func(tx pgx.Tx) error {
				_, err := f.store.End(context.Background(), tx, which(sess))
				return err
			})
		}
	}
	sql := func(statements ...string) func(*fixture, Session) {
		return func(f *fixture, sess Session) {
			for _, s := range statements {
				f.Exec(s, sess.ID)
			}
		}
	}
	mine := "(select user_id from sessions where id = $1)"
	for name, way := range map[string]func(*fixture, Session){
		"by itself":     end(func(s Session) Which { return Which{UserID: s.User.ID, ID: s.ID} }),
		"of its user":   end(func(s Session) Which { return Which{UserID: s.User.ID} }),
		"of its office": end(func(s Session) Which { return Which{OfficeID: s.User.OfficeID} }),
		"by its user": func(f *fixture, sess Session) {
			if err := f.store.EndOne(context.Background(), sess, sess.ID, Client{}); err != nil {
				t.Error(err)
			}
		},
		"with all others": func(f *fixture, sess Session) {
			other, err := f.store.Load(context.Background(), f.start(false))
			if err == nil {
				err = f.store.EndOthers(context.Background(), other, Client{})
			}
			if err != nil {
				t.Error(err)
			}
		},
		"by a new password": sql("update users set password_hash = 'another' where id = " + mine),
		"by a new password, told": func(f *fixture, sess Session) {
			f.inTx(func(tx pgx.Tx) error { return f.store.EndOf(context.Background(), tx, sess.User.ID, 0) })
		},
		"too many": func(f *fixture, _ Session) {
			for range MaxLiving {
				f.start(false)
			}
		},
		"at rest":            sql("update sessions set last_seen_at = now() - interval '31 minutes' where id = $1"),
		"at its limit":       sql("update sessions set expires_at = now() where id = $1"),
		"its user disabled":  sql("update users set disabled_at = now() where id = " + mine),
		"its user deleted":   sql("delete from users where id = " + mine),
		"its office deleted": sql("delete from offices where id = (select office_id from users where id = " + mine + ")"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			token := f.start(false)
			sess, err := f.store.Load(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			way(f, sess)
			if _, err := f.store.Load(t.Context(), token); !errors.Is(err, ErrNone) || fault.CodeOf(err) != fault.Ended {
				t.Errorf("its token answers %v", err)
			}
			f.inTx(func(tx pgx.Tx) error {
				if _, err := f.store.Refresh(t.Context(), tx, sess); !errors.Is(err, ErrNone) {
					t.Errorf("behind the lock it is %v", err)
				}
				return nil
			})
		})
	}
}

// What was proven travels: a password that was changed, or a user who was disabled, while the log-in was under way
// begins nothing; the session in which the password was changed goes on.
func TestALogInUnderWayEndsWithThePasswordThatItProved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	here, err := f.store.Load(t.Context(), f.start(false))
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("update users set password_hash = 'another' where id = $1", f.user.ID)
	f.inTx(func(tx pgx.Tx) error { return f.store.EndOf(t.Context(), tx, f.user.ID, here.ID) })
	if n := f.Int("select count(*) from living_sessions where id = $1", here.ID); n != 1 {
		t.Error("the session that changed the password ended")
	}
	begin := func(by AuthSource, want error) {
		t.Helper()
		f.inTx(func(tx pgx.Tx) error {
			if _, _, err := f.store.Start(t.Context(), tx, f.user, Client{}, by, false); !errors.Is(err, want) {
				t.Errorf("%s: %v", by, err)
			}
			return nil
		})
	}
	begin(ByPassword, account.ErrWrong)
	begin(BySSO, nil) // no password was proven
	f.user.PasswordVersion = 2
	begin(ByPassword, nil)
	f.Exec("update users set disabled_at = now() where id = $1", f.user.ID)
	begin(ByPassword, account.ErrWrong)
	begin(BySSOFactor, account.ErrWrong)
}

func TestTwentySessionsLiveHoweverTheyBegan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 3 * MaxLiving {
		by := []AuthSource{ByPassword, BySSO, BySSOFactor}[i%3]
		f.inTx(func(tx pgx.Tx) error {
			_, _, err := f.store.Start(t.Context(), tx, f.user, Client{}, by, false)
			return err
		})
	}
	if n := f.Int("select count(*) from sessions where ended_at is null"); n != MaxLiving {
		t.Errorf("%d sessions live", n)
	}
}
