package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
)

// CVE-2025-24806, CVE-2026-9798 (13 and 35 of docs/advisories.md): a name has one counter, whichever form its
// password is typed into and however the name is spelt.
func TestEveryFormForAPasswordSharesTheNamesCounter(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	cookie, back := f.leave(idp)
	cookie, _, _ = strings.Cut(cookiesOf(f.ask("GET", back, cookie, ""))[0], ";")
	forms := func(name, password string) (door, link int) {
		values := url.Values{"office": {" acme "}, "username": {name}, "password": {password}}
		door = f.ask("POST", "/login", "", values.Encode()).Code
		return door, f.ask("POST", "/login/sso/link", cookie, values.Encode()).Code
	}
	for _, twin := range []string{"user", " USER"} {
		if door, link := forms(twin, "wrong"); door != http.StatusUnprocessableEntity ||
			link != http.StatusUnprocessableEntity {
			t.Fatalf("wrong passwords answer %d and %d", door, link)
		}
	}
	if n := f.ID("select count(*) from password_failures where network = ''"); n != 1 {
		t.Errorf("%d counters", n)
	}
	if n := f.ID("select max(in_a_row) from password_failures"); n != 4 {
		t.Errorf("%d of four tries were counted", n)
	}
	// A busy machine may sleep through the second that the fourth failure costs.
	f.Exec("update password_failures set next_try_at = next_try_at + interval '5 minutes'")
	if door, link := forms("ｕｓｅｒ", password); door != http.StatusTooManyRequests || link != http.StatusTooManyRequests {
		t.Errorf("the right password, in the delay, answers %d and %d", door, link)
	}
	if n := f.ID("select count(*) from sso_identities"); n != 0 {
		t.Errorf("%d links", n)
	}
}
