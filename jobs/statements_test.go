package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/jobs"
)

// A code is enqueued by five statements: whose number it is, with what counts held; all counts; the challenge with its
// message; the job; and its notification. What stands before them belongs to the act that asks for the code.
func TestTheStatementsThatEnqueueACode(t *testing.T) {
	t.Parallel()
	pool, pgxPool, statements := dbtest.Counted(t)
	client, err := jobs.NewInserter(pgxPool, factory.Logger())
	if err != nil {
		t.Fatal(err)
	}
	log := factory.AuditLog()
	sessions := session.NewStore(pool, log)
	factors := twofactor.New(pool, factory.Keys(t), sessions, jobs.NewOutbox(client),
		account.NewWays(account.NoMail{}, sessions, log), log, time.Now, "Nightlatch")
	office := factory.Office(t, pool, factory.OfficeOpts{TwoFactorRequired: true}).ID
	user := func() account.User {
		u := factory.User(t, pool, office, factory.UserOpts{})
		return account.User{ID: u.ID, OfficeID: office, Username: u.Username, Role: account.RoleUser, PasswordVersion: 1}
	}
	begin := func(u account.User) session.Token {
		token, _, err := factors.Begin(t.Context(), u, "en", session.Client{Address: "192.0.2.7"})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	begun := func(u account.User) session.Session {
		sess, err := sessions.Load(t.Context(), begin(u))
		if err != nil {
			t.Fatal(err)
		}
		return sess
	}
	enrols, first, second := begun(user()), user(), user()
	factory.Number(t, pool, first.ID, factory.NumberOpts{})
	factory.Number(t, pool, second.ID, factory.NumberOpts{})
	resends := begun(second)
	_, err = pool.Exec(t.Context(), "update challenges set asked_at = asked_at - interval '1 minute'")
	if err != nil {
		t.Fatal(err)
	}
	for name, act := range map[string]func() error{
		"log-in": func() error { begin(first); return nil },
		"enrolment": func() error {
			return factors.SendTo(t.Context(), enrols, phone.Number{E164: "+31612345679", Country: "NL"}, "en")
		},
		"resend": func() error { return factors.Resend(t.Context(), resends, "en", phone.ByText) },
	} {
		asked, commits := statements.Of(func() {
			if err := act(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		})
		first := slices.Index(asked, "-- name: LimitHold :one")
		last := slices.Index(asked, "-- name: PGNotifyMany :exec")
		if last-first != 4 || commits != 1 || len(asked) > 13 {
			t.Errorf("%s: %d statements of %d in %d transactions enqueue the code:\n%s", name, last-first+1, len(asked),
				commits, strings.Join(asked, "\n"))
		}
	}
}
