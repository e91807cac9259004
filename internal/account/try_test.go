package account

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/network"
)

// from is a log-in at ACME from an address.
func (f *fixture) from(name, password, browser, address string) error {
	_, err := f.SignIn(context.Background(), Attempt{
		OfficeCode: "ACME", Username: name, Password: password, Browser: []byte(browser), Address: address,
	})
	return err
}

// failed makes n names fail from an address, as so many log-ins would.
func (f *fixture) failed(n int, address string) {
	f.t.Helper()
	at := network.Of(address)
	f.Exec(`insert into password_failures (account, browser, network, site, in_a_row, next_try_at)
		select 'ACME/victim-' || n || $2, '', $2, $3, 1, now() from generate_series(1, $1::int) n`, n, at.Host(), at.Site())
}

const (
	ip4, ip4Neighbour    = "203.0.113.9", "203.0.113.10"
	ip6, ip6SameHost     = "2001:db8:1:2::3", "2001:db8:1:2:ffff::9"
	ip6SameSite, ip6Else = "2001:db8:1:3::1", "2001:db8:2:2::1"
	own                  = "10.1.2.3"
)

func TestWhoWalksThroughManyAccountsIsSlowedDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var delay *Delay
	for _, at := range []struct{ address, same, other string }{
		{ip4, ip4, ip4Neighbour}, {ip6, ip6SameHost, ip6SameSite}, {own, own, ip4Neighbour},
	} {
		f.Exec("delete from password_failures; delete from login_networks; delete from known_browsers")
		most := f.Int("select max_failing_names(false, $1, false)", at.address == own)
		f.failed(most-1, at.address)
		if err := f.from("victim", "wrong", "x", at.address); !errors.Is(err, ErrWrong) {
			t.Fatalf("account %d from %s: %v", most, at.address, err)
		}
		rows := f.Int("select count(*) from password_failures")
		if err := f.from("jdoe", right, "x", at.same); !errors.As(err, &delay) || delay.Wait != time.Minute {
			t.Errorf("one account more from %s: %v", at.same, err)
		}
		if n := f.Int("select count(*) from password_failures"); n != rows {
			t.Errorf("who is refused from %s writes %d rows", at.same, n-rows)
		}
		if err := f.from("jdoe", right, "x", at.other); err != nil {
			t.Errorf("from %s: %v", at.other, err)
		}
		// The user's own browser gets in all the same; and where somebody came in, the network is an office's.
		f.known()
		if err := f.from("jdoe", right, "mine", at.same); err != nil {
			t.Errorf("from a known browser at %s: %v", at.same, err)
		}
		if at.address != own {
			f.Exec("insert into login_networks (network, site) values ($1, $2)", network.Of(at.same).Host(),
				network.Of(at.same).Site())
		}
		if err := f.from("another", "wrong", "x", at.same); errors.Is(err, ErrWrong) == (at.address == own) {
			t.Errorf("behind an office's address %s: %v", at.same, err)
		}
	}
}

// Whoever has one line has 65 536 networks of IPv6: they are counted together as well.
func TestASiteOfManyNetworksIsSlowedDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range f.Int("select max_failing_names(true, false, false)") {
		f.failed(1, fmt.Sprintf("2001:db8:1:%x::1", i))
	}
	var delay *Delay
	if err := f.from("jdoe", right, "x", "2001:db8:1:ffff::1"); !errors.As(err, &delay) {
		t.Errorf("from the same site: %v", err)
	}
	if err := f.from("jdoe", right, "x", ip6Else); err != nil {
		t.Errorf("from another: %v", err)
	}
}

// A stranger who has been guessing for days: at one network, or from many of one site.
func (f *fixture) guessed(account string, addresses ...string) {
	f.t.Helper()
	for _, address := range addresses {
		at := network.Of(address)
		f.Exec(`insert into password_failures (account, browser, network, site, in_a_row, next_try_at)
			values ($1, '', $2, $3, 60, now() + interval '1 hour')`, account, at.Host(), at.Site())
	}
	f.Exec(`insert into password_failures (account, browser, in_a_row, next_try_at)
		values ($1, '', 600, now() + interval '1 minute')`, account)
}

func TestAStrangerKeepsNoNewBrowserOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.CreateOperator(t.Context(), "jdoe", right, audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	operator := func(_, password, browser, address string) error {
		_, err := f.SignInOperator(t.Context(), Attempt{
			Username: "jdoe", Password: password, Browser: []byte(browser), Address: address,
		})
		return err
	}
	for account, try := range map[string]func(name, password, browser, address string) error{
		"ACME/jdoe": f.from, "operator/jdoe": operator,
	} {
		for _, at := range []struct{ stranger, owner string }{{ip4, ip4Neighbour}, {ip4, ip6}, {ip6, ip6Else}} {
			f.Exec("delete from password_failures")
			f.guessed(account, at.stranger)
			var delay *Delay
			if err := try("jdoe", right, "new", at.stranger); !errors.As(err, &delay) || delay.Wait < 59*time.Minute {
				t.Errorf("%s, the stranger at %s: %v", account, at.stranger, err)
			}
			if err := try("jdoe", right, "new", at.owner); err != nil {
				t.Errorf("%s, the owner at %s: %v", account, at.owner, err)
			}
			// Who mistypes three times there waits as long as strangers share, and no longer.
			f.Exec("delete from password_failures")
			f.guessed(account, at.stranger)
			for i := range 3 {
				if err := try("jdoe", "wrong", "new", at.owner); !errors.Is(err, ErrWrong) {
					t.Errorf("%s, look %d from %s: %v", account, i+1, at.owner, err)
				}
			}
			if err := try("jdoe", right, "new", at.owner); !errors.As(err, &delay) || delay.Wait > time.Minute {
				t.Errorf("%s, a fourth from %s: %v", account, at.owner, err)
			}
		}
	}
}

// The looks that a network has free are not multiplied by the networks that one line has.
func TestASiteHasTwelveFreeLooksForAName(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.guessed("ACME/jdoe")
	looked := 0
	for i := range 40 {
		if err := f.from("jdoe", "wrong", "x", fmt.Sprintf("2001:db8:1:%x::1", i)); errors.Is(err, ErrWrong) {
			looked++
		}
	}
	if looked != 12 {
		t.Errorf("%d looks", looked)
	}
}

func TestANewPasswordEndsEveryDelay(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	token := f.link()
	f.guessed("ACME/jdoe", ip4, ip6)
	f.Exec("insert into password_failures (account, browser, in_a_row, next_try_at) values ('ACME/other', '', 60, now())")
	if err := f.UseLink(t.Context(), token, another, Origin{Address: ip4, Browser: []byte("reset here")}); err != nil {
		t.Fatal(err)
	}
	for _, browser := range []string{"new", "reset here"} {
		if err := f.from("jdoe", another, browser, ip4); err != nil {
			t.Errorf("in browser %q: %v", browser, err)
		}
	}
	if n := f.Int("select count(*) from password_failures"); n != 1 {
		t.Errorf("%d counts stay, that of another user among them", n)
	}
	// From now on no stranger's failures reach that browser.
	f.guessed("ACME/jdoe", ip4)
	if err := f.from("jdoe", another, "reset here", ip4); err != nil {
		t.Errorf("where the link was used: %v", err)
	}
}

// Refused log-ins under names that nobody has are one event a minute and network, and then their number.
func TestUnknownNamesAreCountedAndNotWrittenOneByOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, address := range []string{ip4, ip6, ip6SameHost} {
		for i := range 5 {
			if err := f.from(fmt.Sprint("nobody ", i), "wrong", "x", address); !errors.Is(err, ErrWrong) {
				t.Fatal(err)
			}
		}
	}
	before := f.Int("select count(*) from audit_events where action = 'sign_in_refused'")
	if minutes := f.Int("select count(*) from refused_logins"); minutes > 4 || before != minutes {
		t.Errorf("%d events of %d minutes and networks", before, minutes)
	}
	f.Exec("update refused_logins set minute = minute - interval '2 minutes'")
	if n, err := f.q.RefusedLoginWrite(t.Context(), f.pool, 100); err != nil || int(n) != before {
		t.Errorf("%d minutes are written, %v", n, err)
	}
	total := f.Int(`select count(*) + coalesce(sum(substring(detail from '^(\d+) more$')::int - 1), 0)::int
		from audit_events where action = 'sign_in_refused' and office_id is not null`)
	if total != 15 || f.Int("select count(*) from refused_logins") != 0 {
		t.Errorf("%d refused log-ins are told", total)
	}
	// Who is a user is told each time.
	for range 2 {
		_ = f.from("jdoe", "wrong", "x", ip4)
	}
	if n := f.Int("select count(*) from audit_events where actor = 'jdoe' and action = 'sign_in_refused'"); n != 2 {
		t.Errorf("%d events of a user", n)
	}
}

func TestStrangersCountsAreBoundedInAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("create or replace function max_rows_of_strangers() returns integer language sql immutable return 50")
	f.known()
	f.failed(300, ip4)
	f.Exec(`insert into password_failures (account, browser, in_a_row, next_try_at, changed_at)
		values ('ACME/jdoe', 'mine', 3, now(), now() - interval '1 hour')`)
	if _, err := f.q.PasswordFailureTrim(t.Context(), f.pool, 1000); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from password_failures where browser = ''"); n != 50 {
		t.Errorf("%d rows of strangers stay", n)
	}
	if n := f.Int("select count(*) from password_failures where browser <> ''"); n != 1 {
		t.Error("an owner's count goes with them")
	}
}
