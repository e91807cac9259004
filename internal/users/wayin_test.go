package users_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/users"
)

// queued is an outbox whose jobs nobody works: the mails stand in their table.
type queued struct{ factory.Outbox }

func (queued) SendMail(context.Context, pgx.Tx, int64, bool) error { return nil }

// wayIn is otto, who has an app and a number, a session here and one elsewhere, a known browser here and one elsewhere,
// and a link to a new password under way to the address on file.
type wayIn struct {
	*fixture
	otto   account.User
	here   session.Session
	client session.Client
}

const ottosPassword = "kettle umbrella seventeen"

func newWayIn(t *testing.T) *wayIn {
	t.Helper()
	f := newFixture(t)
	f.serve(mail.NewQueue(f.ring, queued{}))
	w := &wayIn{fixture: f, client: session.Client{Address: "192.0.2.7", Browser: []byte("here")}}
	id := f.id(f.office, "otto")
	if err := w.accounts.SetPassword(t.Context(), id, ottosPassword); err != nil {
		t.Fatal(err)
	}
	factory.Number(t, f.pool, id, factory.NumberOpts{})
	factory.Authenticator(t, f.pool, id, nil)
	factory.KnownBrowser(t, f.pool, id, "here")
	factory.KnownBrowser(t, f.pool, id, "elsewhere")
	version := int64(f.Int("select password_version from users where id = $1", id))
	w.otto = account.User{
		ID: id, OfficeID: f.office, Username: "otto", Name: "otto", Role: account.RoleUser, PasswordVersion: version,
	}
	token := w.begin()
	w.begin()
	f.Exec(`update sessions set level = 2, second_factor_at = now(), methods = '{pwd,otp}'`)
	var err error
	if w.here, err = f.sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	from := account.Origin{Address: "192.0.2.7", Language: "en"}
	if err := w.accounts.Forgot(t.Context(), "ACME", "otto", from); err != nil {
		t.Fatal(err)
	}
	err = w.accounts.AnswerForgotten(t.Context(), f.ID("select max(id) from password_reset_requests"),
		func(context.Context, pgx.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("delete from mails")
	f.Exec("insert into trusted_browsers (user_id, token_hash, password_version, role, user_agent, expires_at) "+
		"values ($1, sha256('x'), 1, 'user', '', now() + interval '1 day')", w.otto.ID)
	f.Exec("update one_time_links set created_at = created_at - interval '1 minute'")
	return w
}

func (w *wayIn) begin() session.Token {
	w.t.Helper()
	token, _, err := w.factors.Begin(w.t.Context(), w.otto, "en", w.client)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// Each way in tells what it must, on both addresses where that changed, and ends what it must.
func TestEveryChangeOfAWayInIsToldAndEndsWhatItMust(t *testing.T) {
	t.Parallel()
	const address = "otto@example.org"
	for what, test := range map[string]struct {
		do                        func(*wayIn) error
		notice                    string
		mails                     []string // "kind to address"
		links, sessions, browsers bool     // what ends; the acting session and browser stay where there are such
		event                     string
	}{
		"a new password": {
			do: func(w *wayIn) error {
				return w.accounts.ChangePassword(t.Context(), w.otto, w.here.ID, ottosPassword, "battery horse staple nine",
					w.client.Origin())
			},
			notice: "password_changed", mails: []string{"password_changed " + address}, links: true, sessions: true,
			browsers: true, event: "password_changed",
		},
		"another address": {
			do: func(w *wayIn) error {
				return w.people.Change(t.Context(), w.in("boss"), client, w.otto.ID,
					users.Fields{Name: "otto", Email: "new@example.org", Role: account.RoleUser})
			},
			notice: "address_changed", mails: []string{"address_changed new@example.org", "address_left " + address},
			links: true, event: "user_changed",
		},
		"no address": {
			do: func(w *wayIn) error {
				return w.people.Change(t.Context(), w.in("boss"), client, w.otto.ID,
					users.Fields{Name: "otto", Role: account.RoleUser})
			},
			notice: "address_changed", mails: []string{"address_left " + address}, links: true, event: "user_changed",
		},
		"an address in a file": {
			do: func(w *wayIn) error {
				lines := []users.Line{{Number: 1, Username: "otto", Email: "new@example.org"}}
				plan, err := w.people.Plan(t.Context(), w.in("boss"), lines)
				if err == nil {
					_, _, err = w.people.Import(t.Context(), w.in("boss"), client, lines, plan.Digest())
				}
				return err
			},
			notice: "address_changed", mails: []string{"address_changed new@example.org", "address_left " + address},
			links: true, event: "user_changed",
		},
		"another number": {
			do: func(w *wayIn) error {
				number := phone.Number{E164: "+31612999555", Country: "NL"}
				if err := w.factors.SendTo(t.Context(), w.here, number, "en"); err != nil {
					return err
				}
				var ref string
				var sealed []byte
				err := w.pool.QueryRow(t.Context(), "select ref, code_ct from challenges where ended_at is null").Scan(&ref,
					&sealed)
				if err != nil {
					return err
				}
				code, err := w.factors.OpenCode(ref, sealed)
				if err == nil {
					_, err = w.factors.Prove(t.Context(), w.here, w.client, factor.SMS, code)
				}
				return err
			},
			notice: "number_changed", mails: []string{"number_changed " + address}, sessions: true, event: "number_changed",
		},
		"no app": {
			do:     func(w *wayIn) error { return w.factors.Remove(t.Context(), w.here, w.client, factor.App) },
			notice: "app_removed", mails: []string{"app_removed " + address}, sessions: true,
			event: "authenticator_removed",
		},
		"new recovery codes": {
			do:     func(w *wayIn) error { return w.factors.NewRecoveryCodes(t.Context(), w.here, w.client) },
			notice: "recovery_made", mails: []string{"recovery_made " + address}, event: "recovery_codes_made",
		},
		"a reset": {
			do: func(w *wayIn) error {
				_, err := w.factors.Reset(t.Context(), w.in("boss"), client, w.otto.ID)
				return err
			},
			notice: "reset", mails: []string{"factor_restart " + address}, links: true, sessions: true, browsers: true,
			event: "two_factor_reset",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWayIn(t)
			w.t = t
			if err := test.do(w); err != nil {
				t.Fatal(err)
			}
			if n := w.Int("select count(*) from notices where user_id = $1 and kind = $2", w.otto.ID, test.notice); n != 1 {
				t.Errorf("%d notices on the user's pages", n)
			}
			mails := w.Text(`select string_agg(kind || ' ' || coalesce(to_address, email), ',' order by kind) from mails m
				join users u on u.id = m.user_id where u.id = $1`, w.otto.ID)
			if want := join(test.mails); mails != want {
				t.Errorf("mailed are %q, want %q", mails, want)
			}
			if n := w.Int("select count(*) from audit_events where action = $1", test.event); n == 0 {
				t.Error("the history has nothing")
			}
			ended := func(thing, sql string, want bool) {
				t.Helper()
				if got := w.Int(sql, w.otto.ID) == 0; got != want {
					t.Errorf("%s: ended %v, want %v", thing, got, want)
				}
			}
			ended("the link of before", `select count(*) from one_time_links where user_id = $1 and used_at is null
				and created_at < now() - interval '30 seconds'`, test.links)
			ended("the session elsewhere", `select count(*) from living_sessions where user_id = $1 and id <> `+
				"(select min(id) from sessions)", test.sessions)
			ended("the trust in a browser", "select count(*) from trusted_browsers where user_id = $1 and ended_at is null",
				test.sessions)
			ended("the browser elsewhere", `select count(*) from known_browsers where user_id = $1
				and browser_hash = 'elsewhere'`, test.browsers)
			if stays := test.event != "two_factor_reset"; stays {
				if _, err := w.sessions.Refresh(t.Context(), w.begun(), w.here); errors.Is(err, session.ErrNone) {
					t.Error("the acting session ended")
				}
				ended("the browser here", `select count(*) from known_browsers where user_id = $1 and browser_hash = 'here'`,
					false)
			}
		})
	}
}

// begun is a transaction that is rolled back at the end of the test.
func (w *wayIn) begun() pgx.Tx {
	w.t.Helper()
	tx, err := w.pool.Begin(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

func join(parts []string) string {
	slices.Sort(parts)
	all := ""
	for i, p := range parts {
		if i > 0 {
			all += ","
		}
		all += p
	}
	return all
}
