package handlers

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var shownMoment = regexp.MustCompile(`<time datetime="([^"]+)" data-local="(\w+)">([^<]*)</time>`)

// Every moment of every page that a superuser or an operator reaches is told in the zone of the reader's browser.
func TestEveryMomentIsToldInTheReadersZone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	seen := 0
	for _, cookie := range []string{f.in("ACME/superuser"), f.ops()} {
		for _, route := range f.site.Routes() {
			if route.Method != "GET" || strings.ContainsAny(route.Path, ":*") {
				continue
			}
			for zone, name := range map[string]string{
				"Asia/Kolkata": "IST", "": "UTC", "../../etc/passwd": "UTC", "Local": "UTC", "Mars/Base": "UTC",
			} {
				at, err := time.LoadLocation(zone)
				if name == "UTC" || err != nil {
					at = time.UTC
				}
				body := f.ask("GET", route.Path, cookie+"; __Host-nightlatch-zone="+zone, "").Body.String()
				for _, m := range shownMoment.FindAllStringSubmatch(body, -1) {
					seen++
					moment, err := time.Parse(time.RFC3339, m[1])
					clock := moment.In(at).Format("15:04")
					if err != nil || !strings.Contains(m[3], clock) || m[2] != "time" && !strings.Contains(m[3], name) {
						t.Errorf("%s in %q: %s, want %s %s", route.Path, zone, m[0], clock, name)
					}
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d moments were seen", seen)
	}
}

// Mails tell moments in the zone of the browser in which their reader was last, as whole log-ins note it.
func TestTheZoneOfABrowserIsKeptWithItsUserAtALogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.users["ACME/user"]
	f.ask("POST", "/login", "__Host-nightlatch-zone=Europe/Amsterdam; __Host-nightlatch-browser=a",
		"office=ACME&username=user&password="+password)
	if got := f.Text("select time_zone from users where id = $1", user.ID); got != "Europe/Amsterdam" {
		t.Errorf("the zone is %q", got)
	}
}
