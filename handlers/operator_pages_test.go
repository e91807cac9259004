package handlers

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// anew stands where the second step sends anew.
type anew struct {
	asked []int64
	err   error
}

func (a *anew) ResendNew(_ context.Context, challengeID int64) error {
	a.asked = append(a.asked, challengeID)
	return a.err
}

// ops is the cookie of an operator who is in.
func (f *fixture) ops() string {
	f.t.Helper()
	_, secret := f.operator()
	return f.operatorIn(secret, 1)
}

// waitingUser is a pending log-in of ACME's user whose code went to a second provider.
func (f *fixture) waitingUser() (challenge int64) {
	f.t.Helper()
	f.Exec("update offices set two_factor_required = true where code = 'ACME'")
	user := f.users["ACME/user"]
	factory.Number(f.t, f.pool, user.ID, factory.NumberOpts{})
	session := factory.Session(f.t, f.pool, user.ID, factory.SessionOpts{Life: 9 * time.Minute}).ID
	challenge = factory.Challenge(f.t, f.pool, session, factory.ChallengeOpts{Age: time.Minute}).ID
	message := factory.Message(f.t, f.pool, challenge, factory.MessageOpts{State: "delivered"}).ID
	factory.Send(f.t, f.pool, message, factory.SendOpts{
		State: "refused", Class: "account", Status: "9", Reason: "no_credit", Age: 2 * time.Second,
	})
	factory.Send(f.t, f.pool, message, factory.SendOpts{Provider: "webhook", Status: "200"})
	f.Exec("update sends set finished_at = started_at where provider = 'webhook'")
	return challenge
}

const searchUser = "/operator/waiting?office=acme&username=USER"

var tags = regexp.MustCompile(`<[^>]*>`)

// plain is what a reader sees of a page.
func plain(html string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(html, "")), " ")
}

func TestWhyAUserWaitsStandsOnOnePage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie, challenge := f.ops(), f.waitingUser()
	rec := f.ask("GET", searchUser, cookie, "")
	body, text := rec.Body.String(), plain(rec.Body.String())
	for _, want := range []string{
		"Vonage SMS refuses our account (status 9: no credit) since ",
		"The message went to Webhook instead and was delivered at ", "the user has not entered it yet",
		"Webhook accepted the message in 0 s", "Message 1 (text message) was queued", "Waiting for the code until",
		"waits for the second step",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if rec.Code != http.StatusOK || !strings.HasPrefix(body, "<!doctype html>") || strings.Contains(body, "612345678") ||
		strings.ContainsAny(body, "\x1f") || strings.Contains(text, "[why.") {
		t.Errorf("answered %d: no page, a whole number, or a text is missing", rec.Code)
	}
	if !strings.Contains(body, `hx-trigger="every 2s"`) ||
		!strings.Contains(body, fmt.Sprintf(`action="/operator/waiting/%d/end"`, challenge)) {
		t.Error("the page does not show itself again, or its code cannot be ended")
	}
	dutch := plain(f.ask("GET", searchUser, cookie, "", "Accept-Language", "nl").Body.String())
	if !strings.Contains(dutch, "Vonage sms weigert ons account (status 9: geen tegoed) sinds ") {
		t.Error("the reason is not in Dutch")
	}
	if n := f.ID(`select count(*) from audit_events where action = 'user_looked_up' and actor = 'ops'
		and subject = 'user'`); n != 1 {
		t.Errorf("a look, loaded again in another language, is noted %d times", n)
	}
}

func TestTheStoryShowsItselfAgainAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.waitingUser()
	f.Exec("update sessions set last_seen_at = now() - interval '5 minutes' where level = 2")
	before := f.sum("audit_events", "sessions")
	live := strings.Replace(searchUser, "?", "/live?", 1)
	rec := f.ask("GET", live, cookie, "", "HX-Request-Type", "partial")
	if body := rec.Body.String(); rec.Code != http.StatusOK || !strings.HasPrefix(body, `<div id="story"`) ||
		strings.Contains(body, "<html") {
		t.Errorf("the fragment is %d %.80s", rec.Code, body)
	}
	if f.sum("audit_events", "sessions") != before {
		t.Error("a refresh is noted, or keeps the session alive")
	}
	f.ask("GET", "/operator/waiting", cookie, "")
	if f.sum("sessions") == before {
		t.Error("a page does not keep the session alive")
	}
	f.Exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null")
	f.Exec("update sessions set level = 2, second_factor_at = now() where level = 1")
	if body := f.ask("GET", live, cookie, "", "HX-Request-Type", "partial").Body.String(); strings.Contains(body,
		"hx-trigger") || !strings.Contains(body, "Nothing is under way.") {
		t.Error("it does not stop when nothing is under way")
	}
	if rec := f.ask("GET", "/operator/waiting/live?office=ACME&username=nobody", cookie, "", "HX-Request-Type",
		"partial"); rec.Code != http.StatusNotFound {
		t.Errorf("nobody answers %d", rec.Code)
	}
}

func TestWhoIsUnknownIsSaidSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	for _, query := range []string{"office=ACME&username=nobody", "office=NONE&username=user", "office=ACME&username=",
		"office=%1f&username=%00"} {
		rec := f.ask("GET", "/operator/waiting?"+query, cookie, "")
		if rec.Code != http.StatusUnprocessableEntity ||
			!strings.Contains(rec.Body.String(), "No user with this name is in an office with this code.") {
			t.Errorf("%s answers %d", query, rec.Code)
		}
	}
	if rec := f.ask("GET", "/operator/waiting", cookie, ""); rec.Code != http.StatusOK ||
		strings.Contains(rec.Body.String(), "role=\"alert\"") {
		t.Errorf("the empty form answers %d", rec.Code)
	}
}

func TestAnActIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie, id := f.ops(), f.waitingUser()
	end, send := fmt.Sprintf("/operator/waiting/%d/end", id), fmt.Sprintf("/operator/waiting/%d/send", id)
	live := func() bool { return f.ID("select count(*) from challenges where ended_at is null") == 1 }

	for _, path := range []string{end, send} {
		question := f.ask("POST", path, cookie, "", "HX-Request-Type", "partial").Body.String()
		page := f.ask("POST", path, cookie, "").Body.String()
		if !strings.HasPrefix(question, "<dialog") || !strings.HasPrefix(page, "<!doctype html>") ||
			!strings.Contains(page, `name="sure" value="yes"`) {
			t.Errorf("%s does not ask", path)
		}
	}
	if !live() || len(f.anew.asked) != 0 {
		t.Fatal("it was done before it was confirmed")
	}
	rec := f.ask("POST", send, cookie, "sure=yes")
	if to := where(rec); rec.Code != http.StatusSeeOther ||
		to != "/operator/waiting?office=ACME&username=user (sent_anew)" || len(f.anew.asked) != 1 ||
		f.anew.asked[0] != id {
		t.Errorf("sending anew answers %d %s, asked for %v", rec.Code, to, f.anew.asked)
	}
	for _, refusal := range []struct {
		err  error
		text string
	}{
		{&twofactor.Limited{Limit: twofactor.LimitOffice}, "because a limit was reached"},
		{twofactor.ErrOver, "the log-in is over"}, {&twofactor.Wait{For: time.Minute}, "because a limit was reached"},
	} {
		f.anew.err = refusal.err
		f.ask("GET", "/operator/waiting", cookie, "")
		if rec := f.ask("POST", send, cookie, "sure=yes"); rec.Code != http.StatusUnprocessableEntity ||
			!strings.Contains(rec.Body.String(), refusal.text) {
			t.Errorf("%v answers %d without %q", refusal.err, rec.Code, refusal.text)
		}
	}
	if rec := f.ask("POST", end, cookie, "sure=yes"); rec.Code != http.StatusSeeOther || live() {
		t.Errorf("ending answers %d", rec.Code)
	}
	f.ask("GET", "/operator/waiting", cookie, "")
	if rec := f.ask("POST", end, cookie, "sure=yes"); rec.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(rec.Body.String(), "This challenge has ended already.") {
		t.Errorf("ending again answers %d", rec.Code)
	}
	for _, path := range []string{"/operator/waiting/987654/end", "/operator/waiting/x/end", "/operator/waiting/0/send"} {
		if rec := f.ask("POST", path, cookie, "sure=yes"); rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
}

func TestTheOverviewIsReadWithoutColourAndInBothLanguages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.waitingUser()
	f.Exec(`insert into providers
		(name, open_since, open_class, open_status, open_reason, probe_at, balance, balance_at) values
		('vonage', '2026-11-26 09:12:00Z', 'account', '9', 'no_credit', now(), 0.12, now()),
		('webhook', null, '', '', '', null, 10, now())`)
	for _, period := range []string{"", "?period=hour", "?period=day", "?period=month", "?period=%00"} {
		rec := f.ask("GET", "/operator"+period, cookie, "")
		body, text := rec.Body.String(), plain(rec.Body.String())
		if rec.Code != http.StatusOK ||
			!strings.Contains(text, "Vonage SMS gets no messages since 09:12 UTC, because it refuses our account (status "+
				"9: no credit).") ||
			!strings.Contains(text, "The balance at Vonage SMS is EUR 0.12, under EUR 10.00.") ||
			strings.Count(text, "Without credit") != 1 {
			t.Errorf("%q answers %d without the breaker and the balance", period, rec.Code)
		}
		start := strings.Index(body, `<svg class="plot" width="100%"`)
		drawing := body[start : start+strings.Index(body[start:], "</svg>")+6]
		if err := xml.Unmarshal([]byte(drawing), new(struct{})); err != nil ||
			!strings.Contains(drawing, "1 messages: 1 delivered") || strings.Contains(drawing, "style=") {
			t.Errorf("%q draws %v", period, err)
		}
	}
	dutch := plain(f.ask("GET", "/operator", cookie, "", "Accept-Language", "nl").Body.String())
	if !strings.Contains(dutch, "0,12") || !strings.Contains(dutch, "100 %") || strings.Contains(dutch, "[overview") {
		t.Error("the overview is not in Dutch")
	}
}

func TestAStoppedRangeIsReleased(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	if rec := f.ask("POST", "/operator/prefixes/release", cookie,
		"prefix=%2B316129"); where(rec) != "/operator (prefix_released)" ||
		f.ID("select count(*) from prefix_releases where prefix = '+316129'") != 1 {
		t.Errorf("answered %d", rec.Code)
	}
	if rec := f.ask("POST", "/operator/prefixes/release", cookie, "prefix=x"); rec.Code != http.StatusBadRequest {
		t.Errorf("nonsense answers %d", rec.Code)
	}
}

func TestOfficesAreMadeAndCapped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	acme := f.users["ACME/user"].OfficeID
	if text := plain(f.ask("GET", "/operator/offices", cookie, "").Body.String()); !strings.Contains(text,
		"2 offices in this installation") || !strings.Contains(text, "ACME Accountants") {
		t.Error("the offices are not listed")
	}
	if rec := f.ask("POST", "/operator/offices", cookie,
		"code=new-1&name=New+Office"); where(rec) != "/operator/offices (office_created)" {
		t.Errorf("creating answers %d", rec.Code)
	}
	if n := f.ID(`select count(*) from offices o join audit_events e on e.office_id = o.id
		and e.action = 'office_created' and e.actor = 'ops' where o.code = 'NEW-1'`); n != 1 {
		t.Error("the office is not there, or nobody made it")
	}
	for form, text := range map[string]string{"code=new-1&name=x": "already",
		"code=a+b&name=x": "letters, digits or hyphens", "code=b&name=+": "1 to 120 characters"} {
		rec := f.ask("POST", "/operator/offices", cookie, form)
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), text) {
			t.Errorf("%s answers %d without %q", form, rec.Code, text)
		}
	}
	one := fmt.Sprintf("/operator/offices/%d", acme)
	if rec := f.ask("POST", one, cookie, "cap=99.50"); rec.Code != http.StatusSeeOther ||
		f.ID("select count(*) from offices where money_cap = 99.5") != 1 {
		t.Errorf("a cap answers %d", rec.Code)
	}
	if body := f.ask("GET", one, cookie, "").Body.String(); !strings.Contains(body, `value="99.50"`) {
		t.Error("the cap is not shown")
	}
	if body := f.ask("GET", one, cookie, "", "Accept-Language", "nl").Body.String(); !strings.Contains(body,
		`value="99,50"`) {
		t.Error("the cap is not shown as Dutch writes it")
	}
	if rec := f.ask("POST", one, cookie, "cap=lots"); rec.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(rec.Body.String(), `value="lots"`) {
		t.Errorf("no amount answers %d", rec.Code)
	}
	f.Exec("insert into installation (key_fingerprint) values ('x') on conflict do nothing")
	if rec := f.ask("POST", "/operator/cap", cookie, "cap=250"); rec.Code != http.StatusSeeOther ||
		f.ID("select count(*) from installation where money_cap = 250") != 1 {
		t.Errorf("the installation's cap answers %d", rec.Code)
	}
	if rec := f.ask("POST", "/operator/cap", cookie, "cap=-1"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("less than nothing answers %d", rec.Code)
	}
	for _, path := range []string{"/operator/offices/987654", "/operator/offices/x"} {
		if rec := f.ask("GET", path, cookie, ""); rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
}

func TestCostsAreAFileWithASafeName(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.Exec(fmt.Sprintf(`insert into costs (office_id, month, provider, country, network, sends, cost)
		values (%d, '2026-11-01', 'vonage', 'NL', '@x', 2, 0.5)`, f.users["ACME/user"].OfficeID))
	rec := f.ask("GET", "/operator/costs.csv?month=2026-11", cookie, "")
	const file = `"office","month","provider","country","network","sends","cost (EUR)"` + "\r\n" +
		`"ACME","2026-11","vonage","NL","'@x","2","0.500000"` + "\r\n"
	if got := rec.Body.String(); got != file {
		t.Errorf("the file is %q", got)
	}
	if h := rec.Header(); h.Get("Content-Type") != "text/csv; charset=utf-8" ||
		h.Get("Content-Disposition") != `attachment; filename="costs-2026-11.csv"` {
		t.Errorf("its headers are %v", h)
	}
	for _, month := range []string{"2026-13", "2026-1", "x", "2026-11%22%3bx", "2026-11%0d%0a"} {
		if rec := f.ask("GET", "/operator/costs.csv?month="+month, cookie, ""); rec.Code != http.StatusBadRequest {
			t.Errorf("%q answers %d", month, rec.Code)
		}
	}
}

func TestTheOverviewSaysWhatIsWrongWithTheProxies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	text := func() string { return plain(f.ask("GET", "/operator", cookie, "").Body.String()) }
	sentences := []string{"No proxy is named in", "did not say who comes", "does not name, last at", "passed on an X-"}
	before := text()
	for _, s := range sentences {
		if strings.Contains(before, s) {
			t.Errorf("without proxies the overview says %q", s)
		}
	}
	f.services.Unproxied = true
	f.site = f.rebuild(f.services)
	f.Exec("insert into proxy_findings (finding, requests) values ('silent', 1), ('unnamed', 2), ('passed_on', 3)")
	after := text()
	for _, s := range sentences {
		if !strings.Contains(after, s) {
			t.Errorf("the overview does not say %q", s)
		}
	}
}

// quoted is a line of a file of which every cell stands within quotes.
var quoted = regexp.MustCompile(`^"([^"]|"")*"(,"([^"]|"")*")*$`)

func TestNoExportHasACellThatASpreadsheetComputes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const hostile = "x;=HYPERLINK(A1);y"
	f.Exec("update users set name = $1", hostile)
	f.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		values ($1, '2026-11-01', 'vonage', 'NL', $2, 2, 0.5)`, f.users["ACME/user"].OfficeID, hostile)
	files := map[string]string{
		"users": f.ask("POST", "/settings/users/export", f.in("ACME/superuser"), "").Body.String(),
		"costs": f.ask("GET", "/operator/costs.csv?month=2026-11", f.ops(), "").Body.String(),
	}
	for name, file := range files {
		if !strings.Contains(file, `"x;'=HYPERLINK(A1);y"`) || strings.Contains(file, ";=") {
			t.Errorf("the file of %s has a formula:\n%s", name, file)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(file, "\uFEFF"), "\r\n"), "\r\n") {
			if !quoted.MatchString(line) {
				t.Errorf("the file of %s has a cell outside of quotes: %s", name, line)
			}
		}
	}
}

func TestWhoWaitsNowIsAListThatShowsItselfAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.waitingUser()
	f.Exec("update sessions set last_seen_at = now() - interval '5 minutes' where level = 2")
	body := f.ask("GET", "/operator/waiting", cookie, "").Body.String()
	text := plain(body)
	for _, want := range []string{"Waiting now", "Vonage SMS refuses our account", "the user has not entered it yet"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	if !strings.Contains(body, `href="/operator/waiting?office=ACME&amp;username=user"`) {
		t.Error("nothing leads to the user's story")
	}
	again := regexp.MustCompile(`hx-get="(/operator/waiting/now\?seen=[^"]+)" hx-trigger="every 10s"`).
		FindStringSubmatch(body)
	if again == nil {
		t.Fatal("the list does not show itself again")
	}
	f.Exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null")
	f.Exec("update sessions set level = 2, second_factor_at = now() where level = 1")
	before := f.sum("audit_events", "sessions")
	rec := f.ask("GET", again[1], cookie, "", "HX-Request-Type", "partial")
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Nobody is waiting.") ||
		!strings.HasPrefix(rec.Body.String(), `<section id="waiting-now"`) {
		t.Errorf("afterwards it is %d %.200s", rec.Code, rec.Body)
	}
	again = regexp.MustCompile(`hx-get="([^"]+)"`).FindStringSubmatch(rec.Body.String())
	if rec := f.ask("GET", again[1], cookie, "", "HX-Request-Type", "partial"); rec.Code != http.StatusNoContent {
		t.Errorf("nothing has changed: %d", rec.Code)
	}
	if f.sum("audit_events", "sessions") != before {
		t.Error("a refresh is noted, or keeps the session alive")
	}
}

func TestAUserIsFoundByWhatAnOperatorIsTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.ops()
	f.numbers(factory.NumberOpts{})
	f.Exec("update users set name = 'Els van Dijk_Bos' where id = $1", f.users["ACME/user"].ID)
	f.Exec("update mobile_numbers set number = '+31699912388' where user_id = $1", f.users["ACME/user"].ID)
	story := "/operator/waiting?office=ACME&username=user"
	for _, typed := range []string{"els", "DIJK", "van els", "k_b", "12388", "06 999 123 88", "+31 6 99912388"} {
		rec := f.ask("GET", "/operator/waiting?q="+url.QueryEscape(typed), cookie, "")
		if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != story {
			t.Errorf("%q leads to %d %s", typed, rec.Code, rec.Header().Get("Location"))
		}
	}
	rec := f.ask("GET", "/operator/waiting?q=acme", cookie, "")
	if rec.Code != http.StatusOK || strings.Count(rec.Body.String(), "/operator/waiting?office=ACME") < 3 {
		t.Errorf("an office's name answers %d", rec.Code)
	}
	for _, typed := range []string{"%", "_", "nobody at all", `\`, "ops", "555555"} {
		rec := f.ask("GET", "/operator/waiting?q="+url.QueryEscape(typed), cookie, "")
		if strings.Contains(rec.Body.String(), "?office=") && typed != "_" || rec.Code == http.StatusInternalServerError {
			t.Errorf("%q finds somebody, or answers %d", typed, rec.Code)
		}
	}
	if n := f.ID("select count(*) from audit_events where action = 'user_looked_up'"); n != 0 {
		t.Errorf("a search is noted %d times", n)
	}
	f.ask("GET", story, cookie, "")
	f.ask("GET", story, cookie, "")
	if n := f.ID("select count(*) from audit_events where action = 'user_looked_up'"); n != 1 {
		t.Errorf("a look that was loaded again is noted %d times", n)
	}
}

func TestANewOfficeHasAFirstSuperuserOrSaysHowToMakeOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie, mail := f.ops(), &invites{}
	if body := f.ask("GET", "/operator/offices", cookie, "").Body.String(); !strings.Contains(body,
		"nightlatch user create --office") || strings.Contains(body, `name="first_email"`) {
		t.Error("without mail the page does not say what to do on the command line")
	}
	f.invite(mail)
	const office, els = "code=fresh&name=Fresh", "&first_name=Els&first_username=Els&first_email=els%40example.org"
	for typed, told := range map[string][]string{
		office: {"username has 1 to 64", "name has 1 to 120", "needs an e-mail address"},
		"code=a+b&name=Fresh&first_name=Els&first_username=e+l&first_email=els": {"letters, digits or hyphens",
			"username has 1 to 64", "not one e-mail address"},
		"code=acme&name=Fresh" + els: {"There is an office with this code already."},
	} {
		rec := f.ask("POST", "/operator/offices", cookie, typed)
		for _, want := range told {
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), want) {
				t.Errorf("%s answers %d without %q", typed, rec.Code, want)
			}
		}
		if values, _ := url.ParseQuery(typed); !strings.Contains(rec.Body.String(), `value="Fresh"`) ||
			values.Has("first_name") && !strings.Contains(rec.Body.String(), `value="Els"`) {
			t.Errorf("%s: what was typed is gone", typed)
		}
	}
	if n := f.ID("select count(*) from offices where name = 'Fresh'"); n != 0 || len(mail.ids) != 0 {
		t.Error("a refused form made something")
	}
	rec := f.ask("POST", "/operator/offices", cookie, office+els)
	if where(rec) != "/operator/offices (office_created_invited)" || len(mail.ids) != 1 ||
		f.ID(`select count(*) from users u join offices o on o.id = u.office_id where o.code = 'FRESH'
			and u.username = 'els' and u.role = 'superuser' and u.email = 'els@example.org'`) != 1 {
		t.Errorf("it answers %d %s, and invites %d", rec.Code, where(rec), len(mail.ids))
	}
	f.Exec("insert into offices (code, name) values ('BARE', 'Bare')")
	bare := fmt.Sprintf("/operator/offices/%d", f.ID("select id from offices where code = 'BARE'"))
	full := fmt.Sprintf("/operator/offices/%d", f.users["ACME/user"].OfficeID)
	if !strings.Contains(f.ask("GET", bare, cookie, "").Body.String(), "This office has no superuser") ||
		strings.Contains(f.ask("GET", full, cookie, "").Body.String(), "This office has no superuser") {
		t.Error("who has no superuser is not told, or who has one is")
	}
	if rec := f.ask("POST", bare+"/first", cookie, els[1:]); where(rec) != bare+" (first_invited)" || len(mail.ids) != 2 {
		t.Errorf("adding one answers %d %s", rec.Code, where(rec))
	}
	for _, path := range []string{bare, full} {
		if rec := f.ask("POST", path+"/first", cookie, els[1:]+"&another=1"); where(rec) !=
			path+" (has_superuser)" || len(mail.ids) != 2 {
			t.Errorf("adding another answers %d %s", rec.Code, where(rec))
		}
	}
	mail.fail = true
	if rec := f.ask("POST", "/operator/offices", cookie, "code=half&name=Half"+els); rec.Code < 500 ||
		f.ID("select count(*) from offices where code = 'HALF'") != 0 {
		t.Errorf("half an office is made: %d", rec.Code)
	}
}
