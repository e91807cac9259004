package calendar_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/calendar"
)

// amsterdam is the zone of the office in these tests.
func amsterdam(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

var (
	from = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to   = time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
)

// read tells days and problems of a calendar as text.
func read(t testing.TB, text string) string {
	t.Helper()
	days, problems, err := calendar.Read([]byte(text), from, to, amsterdam(t))
	if err != nil {
		return err.Error()
	}
	var said []string
	for _, d := range days {
		said = append(said, strings.TrimSpace(d.Date.Format(time.DateOnly)+" "+d.Name))
	}
	for _, p := range problems {
		said = append(said, fmt.Sprintf("%d: %s", p.Line, p.Why))
	}
	return strings.Join(said, ", ")
}

func TestTheDaysOfEvents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ event, want string }{
		{"DTSTART;VALUE=DATE:20261225\nSUMMARY:Kerst", "2026-12-25 Kerst"},
		{"DTSTART:20261225\nSUMMARY:Kerst", "2026-12-25 Kerst"},
		{"DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:Kerst", "2026-12-25 Kerst, 2026-12-26 Kerst"},
		{"DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260102", "2026-01-01"},
		{"DTSTART;VALUE=DATE:20240101", ""},
		{"SUMMARY:Aangifte\\, de la\n atste\\; \n dag\nDTSTART;VALUE=DATE:20260501", "2026-05-01 Aangifte, de laatste; dag"},
		{"DTSTART;TZID=Europe/Amsterdam:20260501T090000\nDTEND;TZID=Europe/Amsterdam:20260501T170000", "2026-05-01"},
		{"DTSTART;TZID=\"Europe/Amsterdam\";X-A=\"a;b:c\":20260501T090000", "2026-05-01"},
		{"DTSTART;TZID=America/New_York:20260501T200000", "2026-05-02"},
		{"DTSTART:20260501T223000Z", "2026-05-02"},
		{"DTSTART:20260501T233000\nDTEND:20260502T000000", "2026-05-01"},
		{"DTSTART:20260501T233000\nDTEND:20260502T000001", "2026-05-01, 2026-05-02"},
		// Over the change of summer time a day has 23 hours.
		{"DTSTART:20260328T120000\nDTEND:20260329T235959", "2026-03-28, 2026-03-29"},
		{"DTSTART;VALUE=DATE:20150501\nRRULE:FREQ=YEARLY", "2026-05-01, 2027-05-01"},
		{"DTSTART;VALUE=DATE:20150501\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20260501", "2027-05-01"},
		{"DTSTART;VALUE=DATE:20150501\nRRULE:FREQ=YEARLY;UNTIL=20261231", "2026-05-01"},
		{"DTSTART;VALUE=DATE:20250430\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;BYMONTH=1,4,7,10;COUNT=6", "2026-01-31, " +
			"2026-04-30, 2026-07-31"},
		{"DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY", ""}, // the next is 2028's
		{"DTSTART;TZID=America/New_York:20251102T230000\nRRULE:FREQ=YEARLY", "2026-11-03, 2027-11-03"},
		{"DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY", "2026-01-01, 2026-12-31, " +
			"2027-01-01, 2027-12-31"},
		{"DTSTART;VALUE=DATE:20260501\nSTATUS:CANCELLED", ""},
		{"DTSTART;VALUE=DATE:20260501\nBEGIN:VALARM\nSUMMARY:no\nDTSTART:20270101\nEND:VALARM\nSUMMARY:yes",
			"2026-05-01 yes"},
		{"SUMMARY:none", "2: bad_date"},
		{"DTSTART;VALUE=DATE:20260230", "2: bad_date"},
		{"DTSTART:tomorrow", "2: bad_date"},
		{"DTSTART;TZID=W. Europe Standard Time:20260501T090000", "2: bad_zone"},
		{"DTSTART;TZID=../../etc/passwd:20260501T090000", "2: bad_zone"},
		{"DTSTART;TZID=Local:20260501T090000", "2: bad_zone"},
		{"DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=HOURLY", "2: bad_rule"},
		{"DTSTART;VALUE=DATE:20260501\nRRULE:nonsense", "2: bad_rule"},
		{"DTSTART;VALUE=DATE:20260501\nRDATE:20260601", "2: bad_rule"},
		{"DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260401", "2: too_long"},
		{"DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20290401", "2: too_long"},
		{"DTSTART;VALUE=DATE:20260501\nDTEND:20260502T090000", "2: bad_date"},
		{"DTSTART;VALUE=DATE:20260501\nnonsense", "2: bad_line"},
		{"DTSTART;VALUE=DATE:20260501\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260601", "2026-06-01, 2: unclosed"},
	} {
		for _, end := range []string{"\n", "\r\n"} {
			text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + row.event + "\nEND:VEVENT\nEND:VCALENDAR\n"
			if got := read(t, strings.ReplaceAll(text, "\n", end)); got != row.want {
				t.Errorf("%s\nis %s\nwant %s", row.event, got, row.want)
			}
		}
	}
}

// What is left out is said with its line, and keeps nothing else out.
func TestWhatIsLeftOutIsSaidWithItsLine(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/deadlines.ics")
	if err != nil {
		t.Fatal(err)
	}
	const want = "2026-01-31 Btw-aangifte 4e kwartaal, 2026-04-30 Btw-aangifte, 2026-05-01 Inkomstenbelasting, " +
		"2027-01-31 Btw-aangifte 4e kwartaal, 2027-05-01 Inkomstenbelasting, 21: bad_zone, 31: unclosed"
	if got := read(t, string(text)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestAFileThatIsNoCalendar(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", "username,name\n", "\x00\x01", "BEGIN:VCARD\nEND:VCARD"} {
		if _, _, err := calendar.Read([]byte(text), from, to, time.UTC); !errors.Is(err, calendar.ErrNotCalendar) {
			t.Errorf("%q: %v", text, err)
		}
	}
	large := "BEGIN:VCALENDAR\n" + strings.Repeat("X:y\n", calendar.MaxFile/4)
	if _, _, err := calendar.Read([]byte(large), from, to, time.UTC); !errors.Is(err, calendar.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// A file full of rules for days that never come takes no longer than a page may.
func TestRulesForDaysThatNeverComeTakeNoTime(t *testing.T) {
	t.Parallel()
	event := "BEGIN:VEVENT\nDTSTART:19000101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31\nEND:VEVENT\n"
	text := "BEGIN:VCALENDAR\n" + strings.Repeat(event, 4000)
	begun := time.Now()
	_, _, err := calendar.Read([]byte(text), from, to, time.UTC)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s, %v", took, err)
	}
	t.Logf("%s, %v", time.Since(begun), err)
}

// A rule that would cost memory or time without measure is left out, whatever else it says.
func TestRulesWithoutMeasureAreLeftOut(t *testing.T) {
	t.Parallel()
	many := func(value string) string { return strings.TrimSuffix(strings.Repeat(value+",", 1000), ",") }
	for _, rule := range []string{
		"FREQ=DAILY;BYHOUR=0,1", "FREQ=DAILY;BYMINUTE=0", "FREQ=DAILY;BYSECOND=0", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
		"FREQ=DAILY;BYHOUR=" + many("0") + ";BYMINUTE=" + many("0") + ";BYSECOND=" + many("0"),
		"FREQ=YEARLY;BYYEARDAY=" + many("1"), "FREQ=HOURLY", "FREQ=SECONDLY",
	} {
		event := "BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:" + rule + "\nEND:VEVENT\n"
		days, left, err := calendar.Read([]byte("BEGIN:VCALENDAR\n"+event), from, to, time.UTC)
		if err != nil || len(days) != 0 || len(left) != 1 || left[0].Why != calendar.BadRule {
			t.Errorf("%.60s: %v, %v, %v", rule, days, left, err)
		}
	}
	except := "EXDATE:" + strings.TrimSuffix(strings.Repeat("20260101T000000,", 2000), ",")
	event := "BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:FREQ=DAILY\n" + except + "\nEND:VEVENT\n"
	if _, left, err := calendar.Read([]byte("BEGIN:VCALENDAR\n"+event), from, to, time.UTC); err != nil || len(left) > 1 {
		t.Errorf("many exceptions: %v, %v", left, err)
	}
}

func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/deadlines.ics")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Fuzz(func(t *testing.T, text string) {
		days, _, err := calendar.Read([]byte(text), from, to, time.UTC)
		for i, d := range days {
			if err != nil || d.Date.Before(from) || d.Date.After(to) || i > 0 && !d.Date.After(days[i-1].Date) {
				t.Fatalf("%v, %v", days, err)
			}
		}
	})
}
