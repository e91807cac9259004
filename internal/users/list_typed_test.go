package users_test

import (
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
	"github.com/nightlatch/nightlatch/internal/users"
)

// Names of before have the marks that a phone put into them.
func TestASearchIsReadAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	id, err := f.people.Add(t.Context(), boss, client, "zoe-1", users.Fields{
		Name: "Zoë O'Brien-Bakker 12", Email: "zoe@example.org", Role: account.RoleUser,
	})
	if err != nil {
		t.Fatal(err)
	}
	found := func(search string) {
		list, err := f.people.List(t.Context(), boss.User.OfficeID, search, 1)
		if err != nil || len(list.Users) != 1 || list.Users[0].ID != id {
			t.Errorf("%q finds %d users, %v", search, len(list.Users), err)
		}
	}
	for _, plain := range []string{"ë o'brien-bak", "brien-bakker 12", "zoe-1"} {
		for _, decorated := range typedtest.Decorated(plain) {
			found(decorated)
		}
	}
	f.Exec("update users set name = $1 where id = $2", "Zoë O\u2019Brien\u2011Bakker 12", id)
	found("o'brien-bak")
}
