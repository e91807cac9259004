package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
)

// An office's superuser makes an application tighter for the office and for no other, and never looser: not by any
// form, and not by what the operator changes afterwards.
func TestAnOfficeMakesAnApplicationTighterAndNeverLooser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	two := []account.Role{account.RoleAccountant, account.RoleSuperuser}
	id := f.guard("Ledger", func(a *application.Application) {
		a.AllOffices, a.Offices, a.Roles, a.MaxFactorAge = true, nil, two, 15*time.Minute
	})
	demands := func(office string) application.Door {
		t.Helper()
		door, _, _, err := f.services.Applications.Demands(t.Context(), id, f.users[office+"/user"].OfficeID)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(door.Roles)
		return door
	}
	at := paths.To(paths.OfficeApplication, id)
	for _, post := range []struct {
		form, roles string
		age         time.Duration
		off         bool
		refused     string
	}{
		{"role=superuser&age=5", "[superuser]", 5 * time.Minute, false, ""},
		{"role=superuser&age=16", "", 0, false, "Enter no more than your operator allows: at most 15 minutes."},
		{"role=superuser&role=user", "", 0, false, "Choose at least one role."},
		{"age=5", "", 0, false, "Choose at least one role."},
		{"role=superuser&age=x", "", 0, false, "Enter a number of minutes"},
		{"role=accountant&off=yes", "[accountant]", 15 * time.Minute, true, ""},
		{"role=accountant&role=superuser", "[accountant superuser]", 15 * time.Minute, false, ""},
	} {
		before := demands("ACME")
		rec := f.ask(http.MethodPost, at, cookie, post.form)
		door := demands("ACME")
		if post.refused != "" {
			if body := rec.Body.String(); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(body, post.refused) ||
				fmt.Sprint(door) != fmt.Sprint(before) {
				t.Errorf("%s is answered with %d and leads to %+v", post.form, rec.Code, door)
			}
			continue
		}
		if fmt.Sprint(door.Roles) != post.roles || door.MaxFactorAge != post.age || door.Off != post.off {
			t.Errorf("%s leads to %+v", post.form, door)
		}
	}
	f.ask(http.MethodPost, at, cookie, "role=superuser&age=10")
	f.Exec("update applications set roles = '{user,superuser}', max_factor_age = interval '8 minutes'")
	if door := demands("ACME"); fmt.Sprint(door.Roles) != "[superuser]" || door.MaxFactorAge != 8*time.Minute {
		t.Errorf("after the operator's change: %+v", door)
	}
	if door := demands("OTHER"); fmt.Sprint(door.Roles) != "[superuser user]" {
		t.Errorf("the other office's: %+v", door)
	}
	if n := f.Int("select count(*) from audit_events where action = 'application_tightened' and detail = 'Ledger' " +
		"and actor = 'superuser'"); n != 4 {
		t.Errorf("%d acts are in the history", n)
	}
}

// A role that the operator admits later may enter where the office left none of them out.
func TestAnOfficeThatLeavesNoRoleOutKeepsNoneOutLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.guard("Ledger", func(a *application.Application) { a.Roles = []account.Role{account.RoleSuperuser} })
	f.ask(http.MethodPost, paths.To(paths.OfficeApplication, id), f.in("ACME/superuser"), "role=superuser&age=5")
	f.Exec("update applications set roles = '{user,superuser}'")
	door, _, _, err := f.services.Applications.Demands(t.Context(), id, f.users["ACME/user"].OfficeID)
	if err != nil || len(door.Roles) != 2 {
		t.Errorf("%+v, %v", door, err)
	}
}
