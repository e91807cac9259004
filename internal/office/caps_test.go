package office_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

// Who can do something about a cap is told at 80 and at 100 %, once for each cap and month: the office's superusers,
// on screen and by mail, and operators by mail. No other office hears of it.
func TestACapThatIsNearlySpentIsToldOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var post postbox
	service := f.serve(&post, "vonage")
	f.Exec(`insert into installation (key_fingerprint) values ('x') on conflict do nothing`)
	f.Exec(`insert into users (office_id, username, name, role, password_hash, email) values
		(null, 'ops', 'Ops', 'operator', $1, 'ops@run.example'), (null, 'dumb', 'Dumb', 'operator', $1, '')`,
		factory.NoPassword)
	ops := f.ID("select id from users where username = 'ops'")
	boss := f.user(f.acme, "boss")
	spend := func(amount float64) {
		t.Helper()
		f.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
			values ($1, this_month(), 'a', 'NL', '', 1, $2) on conflict (office_id, month, provider, country, network)
			do update set cost = excluded.cost`, f.acme, amount)
	}
	capped := func(table string, most any) { f.Exec("update "+table+" set money_cap = $1::numeric", most) }
	to := func(id int64, kind string, about int64) string { return fmt.Sprint(id, " ", kind, " ", about) }
	for n, step := range []struct {
		spent         float64
		office, whole any
		told          []string
	}{
		{7.99, "10", nil, nil},
		{8, "10", nil, []string{to(boss, "cap_near", 0), to(ops, "cap_near", f.acme)}},
		{9, "10", nil, nil},
		{10, "10", nil, []string{to(boss, "cap_reached", 0), to(ops, "cap_reached", f.acme)}},
		{11, "10", nil, nil},
		{11, "12", nil, []string{to(boss, "cap_near", 0), to(ops, "cap_near", f.acme)}}, // another cap
		{13, "12", nil, []string{to(boss, "cap_reached", 0), to(ops, "cap_reached", f.acme)}},
		{13, "11.5", nil, []string{to(boss, "cap_reached", 0), to(ops, "cap_reached", f.acme)}}, // over both: told once
		{13, "0", nil, nil}, // nobody is surprised
		{13, nil, "16", []string{to(ops, "caps_near", 0)}},
		{17, nil, "16", []string{to(ops, "caps_reached", 0)}},
	} {
		spend(step.spent)
		f.Exec("update offices set money_cap = null")
		f.Exec("update offices set money_cap = $1::numeric where id = $2", step.office, f.acme)
		capped("installation", step.whole)
		post.mails = nil
		for range 2 {
			if err := service.WarnOfCaps(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var told []string
		for _, m := range post.mails {
			told = append(told, to(m.UserID, m.Kind, m.About))
		}
		if !slices.Equal(told, step.told) {
			t.Errorf("step %d: told %v, want %v", n, told, step.told)
		}
	}
	if n := f.ID("select count(*) from notices n join users u on u.id = n.user_id where u.username = 'boss'"); n != 5 {
		t.Errorf("%d notices for five warnings to the office", n)
	}
}
