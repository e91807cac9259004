package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/locale"
)

// From the switch's question to the log-in of somebody who may still say Later, to the day on which nobody may.
func TestAnOfficeDemandsTwoFactorsFromADateOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("ACME/superuser")
	question := f.ask(http.MethodPost, "/settings/office/general", boss, form("shown", "yes")).Body.String()
	for _, has := range []string{`value="now" checked`, `type="datetime-local"`, locale.T("en", "modal.activate_yes")} {
		if !strings.Contains(question, has) {
			t.Errorf("the question lacks %s", has)
		}
	}
	activate := func(from string) (int, string, string) {
		rec := f.ask(http.MethodPost, "/settings/office/general/activate", boss,
			form("sure", "yes", "when", "date", "from", from, "zone", "Europe/Amsterdam"))
		return rec.Code, where(rec), rec.Body.String()
	}
	code, _, page := activate("2020-01-01T09:00")
	if code != http.StatusUnprocessableEntity || !strings.Contains(page, locale.T("en", "when.past")) ||
		!strings.Contains(page, `value="date" checked`) || !strings.Contains(page, `value="2020-01-01T09:00"`) {
		t.Errorf("a date that is over is answered %d", code)
	}
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	in4Days := time.Now().Add(4 * 24 * time.Hour).In(amsterdam).Format("2006-01-02T15:04")
	const dates = "/settings/office/two-factor"
	if code, to, _ := activate(in4Days); code != http.StatusSeeOther || !strings.HasPrefix(to, dates) {
		t.Errorf("the date is answered %d %s", code, to)
	}
	if page := f.ask(http.MethodGet, "/settings/office/two-factor", boss, "").Body.String(); !strings.Contains(page,
		`value="`+in4Days+`"`) || !strings.Contains(page, locale.T("en", "date.remove")) {
		t.Error("the page does not show the date")
	}
	rec := f.ask(http.MethodPost, "/settings/office/general", boss, form("shown", "yes", "n", "2"))
	if !strings.HasPrefix(where(rec), dates) {
		t.Errorf("the switch with a date is answered %d %s", rec.Code, where(rec))
	}

	user := f.in("ACME/user")
	if to := where(f.ask(http.MethodGet, "/", user, "")); to != "/settings/soon" {
		t.Errorf("the log-in leads to %s", to)
	}
	for language, later := range map[string]string{"en": "Later (in 4 days)", "nl": "Later (over 4 dagen)"} {
		rec := f.ask(http.MethodGet, "/settings/soon", user+"; nightlatch-language="+language, "")
		if !strings.Contains(rec.Body.String(), later) {
			t.Errorf("%q is not there", later)
		}
	}
	if to := where(f.ask(http.MethodPost, "/settings/soon", user, "x=1")); to != "/settings/me" {
		t.Errorf("Later leads to %s", to)
	}
	if page := f.ask(http.MethodGet, "/settings/office/two-factor", user, "").Body.String(); strings.Contains(page,
		`action="/settings/office/two-factor`) {
		t.Error("a user can change the date")
	}
	f.Exec("update offices set demanded_from = now(); update users set demanded_from = null")
	if to := where(f.ask(http.MethodGet, "/settings/me", user, "")); to != "/login/second-step" {
		t.Errorf("on the day the user is led to %s", to)
	}
	if to := where(f.ask(http.MethodGet, "/", f.in("ACME/user"), "")); to != "/login/second-step" {
		t.Errorf("on the day a log-in leads to %s", to)
	}
}
