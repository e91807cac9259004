package federation

import (
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// A link is a way in like a factor: the password alone adds none beside a factor, nor while the word of a reset is
// owed, even where no second factor is demanded now. Once the office trusts the provider it would stand for both.
func TestAPasswordAloneLinksNobodyWhoHasMore(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		has  string
		made bool
		want error // of a session that proved the password just now
	}{
		"nothing else": {"", true, nil},
		"an app": {"insert into authenticators (user_id, secret_ct, last_step) values ($1, 'x', 0)", false,
			fault.StepUpRequired},
		"a number": {"insert into mobile_numbers (user_id, number, country, confirmed_at) " +
			"values ($1, '+31612345678', 'NL', now())", false, fault.StepUpRequired},
		"a word owed": {"insert into enrolment_words (user_id, word_mac, expires_at) values ($1, 'x', now())", false,
			session.ErrWordOwed},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			jane := f.users["ACME/jane"]
			if test.has != "" {
				f.Exec(test.has, jane.ID)
			}
			a, err := f.roundTrip()
			if err != nil {
				t.Fatal(err)
			}
			token, made, err := f.sso.Link(f.ctx, a.Link, jane, "en", session.Client{Address: "192.0.2.7"})
			if err != nil || made != test.made {
				t.Fatalf("made %v, %v", made, err)
			}
			sess, err := f.sessions.Load(f.ctx, token)
			if err != nil || sess.Pending() {
				t.Fatalf("the session is %+v, %v", sess, err)
			}
			if test.want == nil {
				return
			}
			if err := f.sso.LinkMine(f.ctx, a.Link, sess, session.Client{}); !errors.Is(err, test.want) {
				t.Errorf("the password alone links in settings: %v", err)
			}
			if n := f.ID("select count(*) from sso_identities"); n != 0 {
				t.Fatalf("%d links", n)
			}
			f.Exec("delete from enrolment_words")
			if err := f.sso.LinkMine(f.ctx, a.Link, f.signedIn("ACME/jane"), session.Client{}); err != nil {
				t.Errorf("with both proven: %v", err)
			}
		})
	}
}

// A link is made, and taken, for the session as it is behind the lock: one that ended while it waited, or whose user
// was reset, adds no way in and takes none.
func TestASessionThatEndsWhileItWaitsChangesNoLink(t *testing.T) {
	t.Parallel()
	jane := "(select id from users where username = 'jane' and office_id = (select id from offices where code = 'ACME'))"
	ended := "update sessions set ended_at = now() where user_id = " + jane
	for what, meanwhile := range map[string]string{
		"ended":          ended,
		"a new password": "update users set password_hash = 'another' where id = " + jane,
		"disabled":       "update users set disabled_at = now() where id = " + jane,
		"a stale step-up": "update sessions set second_factor_at = now() - interval '1 hour', " +
			"password_at = now() - interval '1 hour' where user_id = " + jane,
		"a reset": "with w as (insert into enrolment_words (user_id, word_mac, expires_at) " +
			"select id, 'x', now() from users where id = " + jane + ") " + ended,
	} {
		for _, link := range []bool{true, false} {
			f := newFixture(t)
			a, err := f.roundTrip()
			if err != nil {
				t.Fatal(err)
			}
			act, links := func(sess session.Session) error {
				return f.sso.LinkMine(f.ctx, a.Link, sess, session.Client{})
			}, int64(0)
			if !link {
				f.link()
				links = 1
				act = func(sess session.Session) error { return f.sso.Unlink(f.ctx, sess, session.Client{}) }
			}
			sess := f.signedIn("ACME/jane")
			tx, err := f.pool.Begin(f.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, sql := range []string{"select id from users for update", meanwhile} {
				if _, err := tx.Exec(f.ctx, sql); err != nil {
					t.Fatal(err)
				}
			}
			done := make(chan error, 1)
			go func() { done <- act(sess) }()
			for len(done) == 0 && f.ID(`select count(*) from pg_stat_activity
				where datname = current_database() and wait_event_type = 'Lock'`) == 0 {
				time.Sleep(5 * time.Millisecond)
			}
			if err := tx.Commit(f.ctx); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err == nil {
				t.Errorf("%s meanwhile, linking %v: it is done", what, link)
			}
			if n := f.ID("select count(*) from sso_identities"); n != links {
				t.Errorf("%s meanwhile, linking %v: %d links", what, link, n)
			}
		}
	}
}

// living is how many sessions of ACME's jane that single sign-on began can still be loaded.
func (f *fixture) living(tokens ...session.Token) (n int) {
	for _, token := range tokens {
		if _, err := f.sessions.Load(f.ctx, token); err == nil {
			n++
		}
	}
	return n
}

// Who came in by a link is out when it is taken away.
func TestUnlinkingEndsTheSessionsOfTheLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	a, err := f.roundTrip()
	if err != nil || f.living(a.Session) != 1 {
		t.Fatal(a, err)
	}
	mine := session.NewToken()
	factory.Session(t, f.pool, f.users["ACME/jane"].ID, factory.SessionOpts{TokenHash: mine.Hash(), Address: ours})
	sess, err := f.sessions.Load(f.ctx, mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.sso.Unlink(f.ctx, sess, session.Client{}); err != nil {
		t.Fatal(err)
	}
	if f.living(a.Session) != 0 || f.living(mine) != 1 {
		t.Errorf("of the link live %d, of the owner %d", f.living(a.Session), f.living(mine))
	}
}

// What a provider that is gone has vouched for is gone with it, and the next one, trusted or not, does not bring it
// back.
func TestSessionsOfAProviderEndWithIt(t *testing.T) {
	t.Parallel()
	for _, demanded := range []bool{true, false} {
		for _, removed := range []bool{true, false} {
			f := newFixture(t)
			f.link()
			f.provide("ACME", Trust)
			f.demand(demanded)
			f.idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = []string{"mfa"}, time.Now().Unix() }
			a, err := f.roundTrip()
			if err != nil || f.living(a.Session) != 1 {
				t.Fatal(a, err)
			}
			f.provide("ACME", Trust) // the same once more
			if f.living(a.Session) != 1 {
				t.Error("a change that is none ended it")
			}
			if removed {
				if err := f.sso.Remove(f.ctx, f.signedIn("ACME/boss"), session.Client{}); err != nil {
					t.Fatal(err)
				}
				if f.living(a.Session) != 0 {
					t.Errorf("demanded %v: the session outlives its provider", demanded)
				}
			}
			f.idp.URL = "http://127.0.0.1:9/other"
			f.provide("ACME", Trust)
			if f.living(a.Session) != 0 {
				t.Errorf("demanded %v, removed %v: the next provider has the session of the one before", demanded, removed)
			}
			boss := f.users["ACME/boss"].ID
			if f.ID("select count(*) from sessions where user_id = $1 and ended_at is not null", boss) != 0 {
				t.Error("sessions that began otherwise ended too")
			}
		}
	}
}

// Whose second factor is the provider's has none here, and never needs one: who knows their password must not enrol it
// for them, at a log-in or in one that was in before the office demanded two factors.
func TestThePasswordAloneEnrolsNobodyWhoseFactorIsTheProviders(t *testing.T) {
	t.Parallel()
	number := phone.Number{E164: "+31612345678", Country: "NL"}
	for what, test := range map[string]struct {
		change string // of what is linked, trusted and demanded
		want   error
	}{
		"trusted":             {"", twofactor.ErrFactorElsewhere},
		"not linked":          {"delete from sso_identities", nil},
		"asked":               {"update sso_providers set policy = 'ask'", nil},
		"refused":             {"update sso_providers set policy = 'refuse'", nil},
		"another provider":    {"update sso_providers set issuer = 'https://other.example'", nil},
		"no provider":         {"delete from sso_providers", nil},
		"nothing is demanded": {"update offices set two_factor_required = false", nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			jane := f.users["ACME/jane"]
			f.link()
			f.provide("ACME", Trust)
			early, _, err := f.factors.Begin(f.ctx, jane, "en", session.Client{Address: "192.0.2.7"})
			if err != nil {
				t.Fatal(err)
			}
			f.demand(true)
			if test.change != "" {
				f.Exec(test.change)
			}
			sess, err := f.sessions.Load(f.ctx, early)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.factors.SendTo(f.ctx, sess, number, "en"); !errors.Is(err, test.want) {
				t.Errorf("who was in is sent a code: %v", err)
			}
			if _, err := f.factors.BeginEnrolment(f.ctx, sess, factor.App); !errors.Is(err, test.want) {
				t.Errorf("who was in sets an app up: %v", err)
			}
			before := f.begun()
			token, _, err := f.factors.Begin(f.ctx, jane, "en", session.Client{Address: "192.0.2.7"})
			if !errors.Is(err, test.want) || test.want != nil && (token != "" || f.begun() != before) {
				t.Errorf("a log-in: %v", err)
			}
			if n := f.ID("select count(*) from audit_events where action = 'password_accepted'"); test.want != nil && n != 1 {
				t.Errorf("the history tells %d times of it", n)
			}
			if test.want == nil {
				return
			}
			// The user comes in by the provider; with a factor here, by the password and that.
			f.idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = []string{"mfa"}, time.Now().Unix() }
			if a, err := f.roundTrip(); err != nil || a.Session == "" {
				t.Errorf("by the provider: %+v, %v", a, err)
			}
			factory.Number(t, f.pool, jane.ID, factory.NumberOpts{Number: number.E164})
			if _, _, err := f.factors.Begin(f.ctx, jane, "en", session.Client{Address: "192.0.2.7"}); err != nil {
				t.Errorf("with a factor here: %v", err)
			}
		})
	}
}
