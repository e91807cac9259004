package session

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/network"
)

// strangersAt is a browser that the user never completed a log-in in.
func strangersAt(address string) Client {
	return Client{Address: address, Browser: []byte("a stranger's")}
}

var owners = Client{Address: "203.0.113.9", Browser: []byte("the owner's")}

// minuteLater lets every session be a minute older.
func (f *fixture) minuteLater() {
	f.t.Helper()
	f.Exec("update sessions set created_at = created_at - interval '1 minute 1 second'")
}

// Whoever has the password begins a few log-ins a minute at a network or a site, and is then refused unwritten.
func TestLogInsOfStrangersAreLimitedByNetwork(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	factory.KnownBrowser(t, f.pool, f.user.ID, string(owners.Browser))
	for name, at := range map[string]struct {
		address func(i int) string
		most    int
	}{
		"IPv4":               {func(int) string { return owners.Address }, 5},
		"a network of IPv6":  {func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i) }, 5},
		"a site of IPv6":     {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i) }, 10},
		"a proxy, not named": {func(int) string { return "127.0.0.1" }, 100},
	} {
		f.Exec("delete from sessions")
		begun := 0
		for i := range at.most + 20 {
			switch _, _, err := f.startAt(strangersAt(at.address(i)), true); {
			case err == nil:
				begun++
			case !errors.Is(err, ErrCrowded):
				t.Fatal(err)
			}
		}
		if rows := f.Int("select count(*) from sessions"); begun != at.most || rows != at.most {
			t.Errorf("%s: %d log-ins begun, %d rows", name, begun, rows)
		}
		// The owner, there and in a known browser, is in all the same; and a minute later everybody.
		client := owners
		client.Address = at.address(0)
		if _, _, err := f.startAt(client, true); err != nil {
			t.Errorf("%s: the owner in a known browser: %v", name, err)
		}
		f.minuteLater()
		if _, _, err := f.startAt(strangersAt(at.address(0)), true); err != nil {
			t.Errorf("%s: a minute later: %v", name, err)
		}
	}
}

// A log-in that was finished is none that was begun and left.
func TestFinishedLogInsAreNotCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	for range 8 {
		if _, _, err := f.startAt(strangersAt("203.0.113.9"), true); err != nil {
			t.Fatal(err)
		}
		f.Exec("update sessions set level = 2, second_factor_at = now(), known_browser = true")
	}
}

// Somebody came in from a network when a log-in was completed there: the password alone makes it no office's.
func TestOnlyACompletedLogInMakesANetworkAnOffices(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	for _, address := range []string{"203.0.113.9", "2001:db8:1:2::3", "127.0.0.1", "10.1.2.3"} {
		client := strangersAt(address)
		_, sess, err := f.startAt(client, true)
		if err != nil || f.Int("select count(*) from login_networks") != 0 {
			t.Fatalf("%v, or the password alone is enough at %s", err, address)
		}
		f.inTx(func(tx pgx.Tx) error { return f.store.RememberBrowser(t.Context(), tx, sess, client) })
		at, want := network.Of(address), 1
		if at.Own() {
			want = 0
		}
		n := f.Int("select count(*) from login_networks where network = $1 and site = $2", at.Host(), at.Site())
		if n != want {
			t.Errorf("%s: %d networks", address, n)
		}
		f.Exec("delete from login_networks")
	}
}

// Strangers displace strangers: never the log-in that the owner has begun in a known browser, nor the one in a new
// browser at a network of its own.
func TestStrangersDisplaceNoLogInOfTheOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	factory.KnownBrowser(t, f.pool, f.user.ID, string(owners.Browser))
	known, _, err := f.startAt(owners, true)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := f.startAt(strangersAt("2001:db8:1:2::3"), true)
	if err != nil {
		t.Fatal(err)
	}
	for minute := range 8 {
		for i := range 15 {
			address := []string{"198.51.100.1", "192.0.2.1", fmt.Sprintf("2001:db8:ffff:%x::1", i)}[i%3]
			if _, _, err := f.startAt(strangersAt(address), true); err != nil {
				t.Fatalf("minute %d: %v", minute, err)
			}
		}
		f.minuteLater()
	}
	for name, token := range map[string]Token{"known": known, "new": fresh} {
		if _, err := f.store.Load(t.Context(), token); err != nil {
			t.Errorf("the owner's log-in in a %s browser: %v", name, err)
		}
	}
	if n := f.Int("select count(*) from sessions where ended_at is null and not known_browser"); n != MaxLiving {
		t.Errorf("%d log-ins of strangers live", n)
	}
}

// However the password's holder spreads log-ins over the networks of a site, or sits next door, the owner's stays; and
// the one in which the word of a reset was given stays whatever they have.
func TestWhoHasManyNetworksDisplacesNoLogInOfTheOwner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address   func(i int) string
		wordGiven bool
	}{
		"the networks of a site of IPv6":   {func(i int) string { return fmt.Sprintf("2001:db8:ffff:%x::1", i) }, false},
		"a neighbour":                      {func(int) string { return "203.0.113.10" }, false},
		"forty sites, and a word is given": {func(i int) string { return fmt.Sprintf("198.51.%d.1", i) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Exec("update offices set two_factor_required = true")
			token, sess, err := f.startAt(strangersAt(owners.Address), true)
			if err != nil {
				t.Fatal(err)
			}
			if test.wordGiven {
				f.Exec("update sessions set word_given_at = now() where id = $1", sess.ID)
			}
			for i := range 40 {
				_, _, err := f.startAt(strangersAt(test.address(i)), true)
				if err != nil && !errors.Is(err, ErrCrowded) {
					t.Fatal(err)
				}
				if i%5 == 4 {
					f.minuteLater()
				}
			}
			if _, err := f.store.Load(t.Context(), token); err != nil {
				t.Errorf("the owner's log-in: %v", err)
			}
		})
	}
}

// What strangers began and left is gone after a day; what brought messages is kept as long as those.
func TestLogInsThatCameToNothingGoAfterADay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	_, begun, _ := f.startAt(strangersAt("203.0.113.9"), true)
	_, sent, _ := f.startAt(strangersAt("203.0.113.9"), true)
	factory.Challenge(t, f.pool, sent.ID, factory.ChallengeOpts{})
	_, full, _ := f.startAt(strangersAt("203.0.113.9"), false)
	f.Exec(`update sessions set created_at = created_at - interval '25 hours',
		expires_at = expires_at - interval '36 hours'`)
	if _, err := f.store.q.SessionDeleteBegun(t.Context(), f.pool, 100); err != nil {
		t.Fatal(err)
	}
	left := f.Text("select string_agg(id::text, ' ' order by id) from sessions")
	if want := fmt.Sprint(sent.ID, " ", full.ID); left != want {
		t.Errorf("sessions %s stay of %d %s", left, begun.ID, want)
	}
}
