package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/evidence"
)

func TestEvidenceIsDownloadedOrRefusedWithASentence(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set time_zone = 'Europe/Amsterdam'")
	cookie := f.in("ACME/superuser")
	page := f.ask("GET", "/settings/office/evidence", cookie, "").Body.String()
	if !strings.Contains(page, "Europe/Amsterdam") || !strings.Contains(page, `type="date" value="20`) {
		t.Errorf("the page is\n%s", page)
	}
	for _, at := range []string{"/settings/office/history", "/settings/office/two-factor"} {
		if !strings.Contains(f.ask("GET", at, cookie, "").Body.String(), `href="/settings/office/evidence"`) {
			t.Errorf("%s does not lead there", at)
		}
	}
	take := func(first, last, kind string) (int, string, string) {
		rec := f.ask("POST", "/settings/office/evidence", cookie, form("first", first, "last", last, "form", kind))
		return rec.Code, rec.Header().Get("Content-Disposition"), rec.Body.String()
	}
	today := f.Text("select (now() at time zone 'Europe/Amsterdam')::date::text")
	code, name, file := take(today, today, "csv")
	v, err := evidence.Verify([]byte(file))
	if code != http.StatusOK || !strings.Contains(name, "evidence-ACME-"+today) || err != nil || len(v.Findings) != 0 {
		t.Errorf("the CSV answers %d %s: %+v, %v", code, name, v, err)
	}
	if code, name, file := take(today, today, "pdf"); code != http.StatusOK || !strings.Contains(name, ".pdf") ||
		!strings.HasPrefix(file, "%PDF") {
		t.Errorf("the PDF answers %d %s", code, name)
	}
	for _, row := range []struct{ first, last, says string }{
		{"", today, "Enter a day"}, {today, "x", "Enter a day"}, {today, "2026-01-01", "must not be before the first day"},
		{"2020-01-01", today, "within 366 days"}, {"2090-01-01", "2090-01-02", "not after today"},
	} {
		code, _, body := take(row.first, row.last, "csv")
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, row.says) ||
			!strings.Contains(body, `value="`+row.first+`"`) || !strings.Contains(body, `value="`+row.last+`"`) {
			t.Errorf("%s to %s answers %d, without %q", row.first, row.last, code, row.says)
		}
	}
}
