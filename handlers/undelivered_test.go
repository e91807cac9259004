package handlers

import (
	"fmt"
	"strings"
	"testing"
)

// A mail that did not arrive is seen where its sender looks: on the user's page and in the list, by a superuser; and
// what is ours, by an operator.
func TestAMailThatDidNotArriveIsShownToItsSender(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.users["ACME/user"]
	page, cookie := fmt.Sprintf("/settings/users/%d", user.ID), f.in("ACME/superuser")
	put := func(kind, fault string, code int, final bool) {
		f.Exec(`insert into mails (user_id, kind, language, fault, code, state, final)
			values ($1, $2, 'en', $3, $4, case when $5 then 'failed' else 'retrying' end, $5)`,
			user.ID, kind, fault, code, final)
	}
	for _, c := range []struct {
		kind, fault string
		code        int
		final       bool
		says        []string
	}{
		{"invite", "address", 550, true, []string{"The invitation could not be delivered", "(550)", "Check the e-mail"}},
		{"factor_restart", "login", 535, false, []string{"The invitation has not gone out yet", "(535)", "not about"}},
		{"app_added", "unreachable", 0, true, []string{"The last mail to Somebody could not be delivered", "not about"}},
	} {
		put(c.kind, c.fault, c.code, c.final)
		body := f.ask("GET", page, cookie, "").Body.String()
		for _, words := range c.says {
			if !strings.Contains(body, words) {
				t.Errorf("%s, %s: the page does not say %q", c.kind, c.fault, words)
			}
		}
		if strings.Contains(f.ask("GET", page, f.in("ACME/accountant"), "").Body.String(), c.says[0]) {
			t.Errorf("%s: an accountant reads it", c.kind)
		}
		if listed := strings.Contains(f.ask("GET", "/settings/users", cookie, "").Body.String(),
			"mail not delivered"); listed != c.final {
			t.Errorf("%s: in the list %v", c.kind, listed)
		}
	}
	if body := f.ask("GET", "/operator", f.ops(), "").Body.String(); !strings.Contains(body, "Mails do not go out") ||
		strings.Contains(body, "nobody receives mail") {
		t.Error("the operator does not see what is ours, or sees what is not")
	}
	put("invite", "", 0, true)
	if body := f.ask("GET", page, cookie, "").Body.String(); strings.Contains(body, "could not be delivered") {
		t.Error("a later mail that arrived does not take it back")
	}
}
