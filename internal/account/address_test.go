package account

import (
	"errors"
	"fmt"
	"testing"
)

func TestWhoWalksThroughManyAccountsIsSlowedDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := func(name, password, browser, address string) error {
		_, err := f.SignIn(t.Context(), Attempt{
			OfficeCode: "ACME", Username: name, Password: password, Browser: []byte(browser), Address: address,
		})
		return err
	}
	const attacker, office = "203.0.113.9", "198.51.100.7"
	var delay *Delay
	for i := range maxAccounts {
		if err := from(fmt.Sprintf("victim-%d", i), "wrong", "x", attacker); !errors.Is(err, ErrWrong) {
			t.Fatalf("account %d: %v", i+1, err)
		}
	}
	if err := from("jdoe", right, "x", attacker); !errors.As(err, &delay) {
		t.Errorf("one account more from the address: %v", err)
	}
	// The user's own browser gets in all the same, and from there on the address is an office's.
	f.known()
	if err := from("jdoe", right, "mine", attacker); err != nil {
		t.Errorf("from a known browser: %v", err)
	}
	if err := from("another", "wrong", "x", attacker); !errors.Is(err, ErrWrong) {
		t.Errorf("behind an office's address: %v", err)
	}
	// One person who mistypes is one account; other addresses, and own networks, are not slowed down.
	for _, address := range []string{office, "10.1.2.3", "127.0.0.1"} {
		for i := range 2 * maxAccounts {
			name := "jdoe"
			if address != office {
				name = fmt.Sprintf("%s-%d", address, i)
			}
			f.Exec("delete from password_failures")
			if err := from(name, "wrong", "x", address); !errors.Is(err, ErrWrong) {
				t.Fatalf("try %d from %s: %v", i+1, address, err)
			}
		}
	}
	if n := f.Int("select count(*) from address_tries where address in ('10.1.2.3', '127.0.0.1')"); n != 0 {
		t.Errorf("%d rows are kept of own networks", n)
	}
}
