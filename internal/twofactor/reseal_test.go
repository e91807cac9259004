package twofactor_test

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/otp"
)

// under counts the secrets that a key sealed.
func (f *fixture) under(id []byte) int {
	return f.Int("select count(*) from authenticators where substring(secret_ct from 2 for 4) = decode($1, 'hex')",
		hex.EncodeToString(id))
}

// resealApps seals a batch of authenticators anew.
func (f *fixture) resealApps(ctx context.Context, after int64) (int64, error) {
	for _, kind := range f.factors.Kinds() {
		if kind.Kind() == factor.App {
			return kind.Reseal(ctx, after)
		}
	}
	panic("no authenticator app")
}

func TestResealingIsInterruptedAndResumed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, office := context.Background(), f.office("ACME", required)
	oldText := keys.Generate()
	old, err := keys.Parse(oldText)
	if err != nil {
		t.Fatal(err)
	}
	f.ring.Become(old)
	const users = 250
	secrets := map[account.User]otp.Secret{}
	for range users {
		u := f.user(office, account.RoleUser)
		secrets[u] = f.app(u)
	}
	oldID := old.SealingID()
	rotated, err := keys.Parse(keys.Generate() + oldText)
	if err != nil {
		t.Fatal(err)
	}
	f.ring.Become(rotated)
	newID := f.ring.SealingID()

	// A secret copied to another user's row does not open, and is not made to by sealing it anew.
	damaged := f.user(office, account.RoleUser)
	f.Exec(`insert into authenticators (user_id, secret_ct, last_step) select $1, secret_ct, 0 from authenticators
		order by user_id limit 1`, damaged.ID)

	// The first batch, and then the power goes; the second in the middle of its rows.
	next, err := f.resealApps(ctx, 0)
	if err != nil || next == 0 || f.under(newID) != 100 {
		t.Fatalf("after a batch %d are sealed anew, next %d, %v", f.under(newID), next, err)
	}
	f.Exec(`create function stop() returns trigger language plpgsql as $$ begin
		if (select count(*) from authenticators
			where substring(secret_ct
				from 2 for 4) =
					decode('` + hex.EncodeToString(newID) + `', 'hex')) >= 150 then raise exception 'the power goes'; end if;
		return new; end $$;
		create trigger stop before update on authenticators for each row execute function stop();`)
	if _, err := f.resealApps(ctx, next); err == nil || f.under(newID) != 150 {
		t.Fatalf("cut off, %d are sealed anew, %v", f.under(newID), err)
	}
	f.Exec("drop trigger stop on authenticators")

	// Whoever begins again finds what is left.
	unreadable := false
	for next, rounds := int64(0), 0; ; rounds++ {
		if next, err = f.resealApps(ctx, next); err != nil {
			if unreadable = errors.Is(err, keys.ErrOpen); !unreadable {
				t.Fatal(err)
			}
		}
		if next == 0 {
			break
		} else if rounds > 10 {
			t.Fatal("it does not end")
		}
	}
	if f.under(newID) != users || f.under(oldID) != 1 || !unreadable {
		t.Errorf("%d are sealed anew, %d are not; unreadable: %v", f.under(newID), f.under(oldID), unreadable)
	}

	// Every app still works, without the old key.
	fresh, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	first := true
	for u, secret := range secrets {
		var sealed []byte
		if err := f.pool.QueryRow(ctx, "select secret_ct from authenticators where user_id = $1",
			u.ID).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		plain, err := f.ring.Open("authenticator secret", itoa(u.ID), sealed)
		if err != nil || otp.Secret(plain) != secret {
			t.Fatalf("user %d: %v", u.ID, err)
		}
		if _, err := fresh.Open("authenticator secret", itoa(u.ID), sealed); first && err == nil {
			t.Fatal("any key opens it")
		}
		first = false
	}
}
