package account

import (
	"errors"
	"fmt"
	"testing"
)

func TestWhoWalksThroughManyAccountsIsSlowedDown(t *testing.T) {
	t.Parallel()
	s, pool := service(t)
	from := func(name, password, browser, address string) error {
		_, err := s.SignIn(t.Context(), Attempt{OfficeCode: "ACME", Username: name, Password: password, Browser: []byte(browser), Address: address})
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
	if _, err := pool.Exec(t.Context(), "insert into known_browsers (user_id, browser_hash) select id, 'mine' from users where username = 'jdoe'"); err != nil {
		t.Fatal(err)
	}
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
			if _, err := pool.Exec(t.Context(), "delete from password_failures"); err != nil {
				t.Fatal(err)
			}
			if err := from(name, "wrong", "x", address); !errors.Is(err, ErrWrong) {
				t.Fatalf("try %d from %s: %v", i+1, address, err)
			}
		}
	}
	var kept int
	if err := pool.QueryRow(t.Context(), "select count(*) from address_tries where address in ('10.1.2.3', '127.0.0.1')").Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d rows are kept of own networks (%v)", kept, err)
	}
}
