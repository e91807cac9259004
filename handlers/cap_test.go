package handlers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
)

// A cap near what is spent already is set after a question that says what it does and to how many, of an office and of
// all; the answer that it needs is the question's own form. Any other cap is set at once.
func TestACapNearWhatIsSpentIsAQuestionFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie, office := f.ops(), f.users["ACME/user"].OfficeID
	f.Exec("update offices set two_factor_required = true where id = $1", office)
	f.Exec("insert into installation (key_fingerprint) values ('x') on conflict do nothing")
	f.numbers(factory.NumberOpts{})
	f.Exec("insert into authenticators (user_id, secret_ct, last_step) select $1, 'x', 0", f.users["ACME/accountant"].ID)
	f.Exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, this_month(), 'a', "+
		"'NL', '', 1, 10)", office)
	for _, c := range []struct {
		path, set string
		depend    string
	}{
		{fmt.Sprintf("/operator/offices/%d", office),
			fmt.Sprintf("select money_cap::text from offices where id = %d", office), "2 users have text messages alone"},
		{"/operator/cap", "select money_cap::text from installation", "2 users have text messages alone"},
	} {
		for _, set := range []struct {
			typed string
			says  string // "" when nothing is asked
		}{
			{"100", ""}, {"12,50", ""}, {"12.49", "From EUR 12.49 on no code goes to a new number"},
			{"10", "From now on no code goes to a new number"}, {"8", "no text message is sent to anybody"},
			{"0", "no text message is sent to anybody"}, {"", ""},
		} {
			before := f.Text("select coalesce((" + c.set + "), 'none')")
			rec := f.ask("POST", c.path, cookie, "cap="+strings.ReplaceAll(set.typed, ",", "%2C"))
			text := strings.ReplaceAll(plain(rec.Body.String()), "\u00a0", " ")
			if set.says == "" {
				if rec.Code != 303 {
					t.Errorf("%s, cap %q answers %d: %s", c.path, set.typed, rec.Code, text)
				}
				continue
			}
			if rec.Code != 200 || !strings.Contains(text, set.says) || !strings.Contains(text, c.depend) ||
				!strings.Contains(text, "EUR 10.00 is spent") ||
				!strings.Contains(rec.Body.String(), `<input type="hidden" name="cap" value="`+set.typed+`">`) {
				t.Errorf("%s, cap %q answers %d: %s", c.path, set.typed, rec.Code, text)
			}
			if now := f.Text("select coalesce((" + c.set + "), 'none')"); now != before {
				t.Errorf("%s: cap %q is set before the answer: %s, was %s", c.path, set.typed, now, before)
			}
			if rec := f.ask("POST", c.path, cookie, "sure=yes&cap="+set.typed); rec.Code != 303 {
				t.Errorf("%s, cap %q with the answer: %d", c.path, set.typed, rec.Code)
			}
		}
	}
}

// The forecast, and who is near their cap, stand where an operator looks.
func TestACapIsForecastAndSeenInTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie, office := f.ops(), f.users["ACME/user"].OfficeID
	f.Exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, this_month(), 'a', "+
		"'NL', '', 1, 10)", office)
	page := func(path string) string {
		return strings.ReplaceAll(plain(f.ask("GET", path, cookie, "").Body.String()), "\u00a0", " ")
	}
	for cap, near := range map[string]bool{"12.5": true, "12.6": false, "9": true} {
		f.Exec("update offices set money_cap = $1::numeric where id = $2", cap, office)
		if got := strings.Contains(page("/operator"), "has spent EUR 10.00 of EUR"); got != near {
			t.Errorf("cap %s: the overview warns: %v", cap, got)
		}
	}
	// A cap a thousandth above what is spent is reached within the month at any pace, but in its last minutes.
	f.Exec("update offices set money_cap = 10.01 where id = $1", office)
	last := f.Text(`select (now() > (this_month()::timestamp + interval '1 month') at time zone 'UTC'
		- interval '1 hour')::text`)
	for _, path := range []string{"/operator/offices", fmt.Sprintf("/operator/offices/%d", office)} {
		if last == "false" && !strings.Contains(page(path), "At this pace reached on 20") {
			t.Errorf("%s has no forecast", path)
		}
	}
}
