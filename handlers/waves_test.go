package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/locale"
)

// A superuser plans a group, keeps days free, sets the date and reads what is sent, with forms alone.
func TestAnOfficePlansItsWavesAndKeepsDaysFree(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("ACME/superuser")
	const tab = "/settings/office/two-factor"
	in := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format("2006-01-02") }
	n := 0
	post := func(path string, fields ...string) *httptest.ResponseRecorder {
		n++
		return f.ask(http.MethodPost, path, boss, form(append(fields, "n", fmt.Sprint(n))...))
	}
	done := func(rec *httptest.ResponseRecorder) {
		t.Helper()
		if rec.Code != http.StatusSeeOther || !strings.HasPrefix(where(rec), tab+" ") {
			t.Errorf("answered %d %s", rec.Code, where(rec))
		}
	}
	refused := func(rec *httptest.ResponseRecorder, words ...string) {
		t.Helper()
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("answered %d %s", rec.Code, where(rec))
		}
		for _, w := range words {
			if !strings.Contains(rec.Body.String(), w) {
				t.Errorf("the page lacks %q", w)
			}
		}
	}
	page := func(path string, words ...string) {
		t.Helper()
		body := f.ask(http.MethodGet, path, boss, "").Body.String()
		for _, w := range words {
			if !strings.Contains(body, w) {
				t.Errorf("%s lacks %q", path, w)
			}
		}
	}

	wave := func(fields ...string) *httptest.ResponseRecorder {
		return post(tab+"/wave", append(fields, "zone", "UTC")...)
	}
	refused(wave("name", "Pilot", "usernames", "user, nobody", "from", in(10)+"T09:00"),
		locale.T("en", "waves.unknown", "Names", "nobody"), `value="Pilot"`, ">user, nobody</textarea>",
		`value="`+in(10)+`T09:00"`)
	refused(wave("name", "Pilot", "user", "user", "from", "2020-01-01T09:00"), locale.T("en", "when.past"),
		`value="user" checked`)
	refused(wave("usernames", "user", "from", in(10)+"T09:00"), locale.T("en", "waves.no_name"))
	refused(wave("name", "Pilot", "from", in(10)+"T09:00"), locale.T("en", "waves.nobody"))
	done(wave("name", "Pilot", "user", "user", "from", in(10)+"T09:00"))
	page(tab, "Pilot")
	id := f.Text("select id::text from office_waves")
	page(tab+"?wave="+id, `name="wave" value="`+id+`"`, ">user</textarea>", `value="Pilot"`)

	done(post(tab+"/black-out", "day", in(30), "name", "VAT return"))
	refused(post(tab+"/black-out", "day", "2020-01-01", "name", "Gone"), locale.T("en", "free.no_day"), `value="Gone"`)
	refused(post(tab+"/date", "from", in(30)+"T09:00", "zone", "UTC"), locale.T("en", "when.black_out"))
	refused(post("/settings/office/general/activate", "sure", "yes", "when", "date", "from", in(30)+"T09:00",
		"zone", "UTC"), locale.T("en", "when.black_out"))
	done(post(tab+"/date", "from", in(40)+"T09:00", "zone", "UTC"))
	done(post(tab+"/black-out", "day", in(40), "name", "Also"))
	page(tab, locale.T("en", "free.on_date"), "VAT return", locale.T("en", "wave.superuser"))
	refused(wave("wave", id, "name", "Pilot", "usernames", "user", "from", in(9)+"T09:00"), locale.T("en", "when.told"))
	done(wave("wave", id, "name", "Pilots", "usernames", "user", "from", in(11)+"T09:00"))
	done(post(tab+"/wave/remove", "wave", id))
	done(post(tab+"/wave/remove", "wave", id))
	done(post(tab+"/black-out/remove", "day", in(40)))

	upload := func(text string) *httptest.ResponseRecorder {
		n++
		return f.upload(tab+"/black-out/import", boss, text, "n", fmt.Sprint(n))
	}
	const event = "BEGIN:VEVENT\nDTSTART:20200501\nRRULE:FREQ=YEARLY\nSUMMARY:Tax <b>\nEND:VEVENT\n"
	refused(upload(""), locale.T("en", "file.none"))
	refused(upload("username,name"), locale.T("en", "free.not_calendar"))
	refused(upload("BEGIN:VCALENDAR\n"), locale.T("en", "free.no_entries"))
	rec := upload("BEGIN:VCALENDAR\n" + event + "BEGIN:VEVENT\nEND:VEVENT\n")
	if body := rec.Body.String(); rec.Code != http.StatusOK || !strings.Contains(body, "Tax &lt;b&gt;") ||
		!strings.Contains(body, locale.T("en", "free.line", "Line", 7, "Why", locale.T("en", "calendar.bad_date"))) {
		t.Errorf("what is left out is not said: %d", rec.Code)
	}
	done(upload("BEGIN:VCALENDAR\n" + event))

	for _, name := range []string{"ACME/user", "ACME/accountant"} {
		body := f.ask(http.MethodGet, tab, f.in(name), "").Body.String()
		if strings.Contains(body, "VAT return") || strings.Contains(body, `action="`+tab) {
			t.Errorf("%s sees what is a superuser's", name)
		}
	}
	f.Exec("update offices set demanded_from = now()")
	if rec := wave("role", "user", "from", in(20)+"T09:00"); where(rec) != "/settings/office/general" &&
		where(rec) != "/login/second-step" {
		t.Errorf("a wave after the date is answered %d %s", rec.Code, where(rec))
	}
}
