package handlers

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// anew stands where the second step sends anew.
type anew struct {
	asked []int64
	err   error
}

func (a *anew) SendAnew(_ context.Context, challengeID int64) error {
	a.asked = append(a.asked, challengeID)
	return a.err
}

// ops is the cookie of an operator who is in.
func (w *world) ops() string {
	w.t.Helper()
	_, secret := w.operator()
	return w.operatorIn(secret, 1)
}

// waitingUser is a pending log-in of ACME's user whose code went to a second provider.
func (w *world) waitingUser() (challenge int64) {
	w.t.Helper()
	w.exec("update offices set two_factor_required = true where code = 'ACME'")
	user := w.users["ACME/user"]
	w.exec(fmt.Sprintf("insert into mobile_numbers (user_id, number, country, confirmed_at) values (%d, '+31612345678', 'NL', now())", user.ID))
	session := w.id(fmt.Sprintf(`insert into sessions (user_id, token_hash, address, user_agent, expires_at)
		values (%d, sha256('x'), '192.0.2.1', '', now() + interval '9 minutes') returning id`, user.ID))
	challenge = w.id(fmt.Sprintf(`insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, code_ct, expires_at)
		values ('ref', %d, %d, %d, 'sign_in', '+31612345678', 'NL', 'en', 'x', 'x', now() + interval '4 minutes') returning id`, session, user.ID, user.OfficeID))
	message := w.id(fmt.Sprintf("insert into messages (challenge_id, send_no, state, final, accepted_at) values (%d, 1, 'delivered', true, now()) returning id", challenge))
	w.exec(fmt.Sprintf(`insert into sends (message_id, provider, state, class, status, started_at, finished_at) values
		(%d, 'vonage', 'refused', 'account', '9', now() - interval '2 seconds', now() - interval '1 second'), (%d, 'webhook', 'sent', 'sent', '200', now(), now())`, message, message))
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
	w := newWorld(t)
	cookie, challenge := w.ops(), w.waitingUser()
	rec := w.ask("GET", searchUser, cookie, "")
	body, text := rec.Body.String(), plain(rec.Body.String())
	for _, want := range []string{
		"Vonage SMS refuses our account (status 9: no credit) since ", "The message went to Webhook instead and was delivered at ", "the user has not entered it yet",
		"Webhook accepted the message in 0 s", "Message 1 (text message) was queued", "Waiting for the code until", "waits for the second step",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if rec.Code != http.StatusOK || !strings.HasPrefix(body, "<!doctype html>") || strings.Contains(body, "612345678") || strings.ContainsAny(body, "\x1f") || strings.Contains(text, "[why.") {
		t.Errorf("answered %d: no page, a whole number, or a text is missing", rec.Code)
	}
	if !strings.Contains(body, `hx-trigger="every 2s"`) || !strings.Contains(body, fmt.Sprintf(`action="/operator/waiting/%d/end"`, challenge)) {
		t.Error("the page does not show itself again, or its code cannot be ended")
	}
	dutch := plain(w.ask("GET", searchUser, cookie, "", "Accept-Language", "nl").Body.String())
	if !strings.Contains(dutch, "Vonage sms weigert ons account (status 9: geen tegoed) sinds ") {
		t.Error("the reason is not in Dutch")
	}
	if n := w.id("select count(*) from audit_events where action = 'user_looked_up' and actor = 'ops' and subject = 'user'"); n != 2 {
		t.Errorf("two look-ups are noted %d times", n)
	}
}

func TestTheStoryShowsItselfAgainAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	w.waitingUser()
	w.exec("update sessions set last_seen_at = now() - interval '5 minutes' where level = 2")
	before := w.sum("audit_events", "sessions")
	live := strings.Replace(searchUser, "?", "/live?", 1)
	rec := w.ask("GET", live, cookie, "", "HX-Request-Type", "partial")
	if body := rec.Body.String(); rec.Code != http.StatusOK || !strings.HasPrefix(body, `<div id="story"`) || strings.Contains(body, "<html") {
		t.Errorf("the fragment is %d %.80s", rec.Code, body)
	}
	if w.sum("audit_events", "sessions") != before {
		t.Error("a refresh is noted, or keeps the session alive")
	}
	w.ask("GET", "/operator/waiting", cookie, "")
	if w.sum("sessions") == before {
		t.Error("a page does not keep the session alive")
	}
	w.exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null")
	w.exec("update sessions set level = 2, second_factor_at = now() where level = 1")
	if body := w.ask("GET", live, cookie, "", "HX-Request-Type", "partial").Body.String(); strings.Contains(body, "hx-trigger") || !strings.Contains(body, "Nothing is under way.") {
		t.Error("it does not stop when nothing is under way")
	}
	if rec := w.ask("GET", "/operator/waiting/live?office=ACME&username=nobody", cookie, "", "HX-Request-Type", "partial"); rec.Code != http.StatusNotFound {
		t.Errorf("nobody answers %d", rec.Code)
	}
}

func TestWhoIsUnknownIsSaidSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	for _, query := range []string{"office=ACME&username=nobody", "office=NONE&username=user", "office=ACME&username=", "office=%1f&username=%00"} {
		rec := w.ask("GET", "/operator/waiting?"+query, cookie, "")
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "No user with this name is in an office with this code.") {
			t.Errorf("%s answers %d", query, rec.Code)
		}
	}
	if rec := w.ask("GET", "/operator/waiting", cookie, ""); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "role=\"alert\"") {
		t.Errorf("the empty form answers %d", rec.Code)
	}
}

func TestAnActIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie, id := w.ops(), w.waitingUser()
	end, send := fmt.Sprintf("/operator/waiting/%d/end", id), fmt.Sprintf("/operator/waiting/%d/send", id)
	live := func() bool { return w.id("select count(*) from challenges where ended_at is null") == 1 }

	for _, path := range []string{end, send} {
		question := w.ask("POST", path, cookie, "", "HX-Request-Type", "partial").Body.String()
		page := w.ask("POST", path, cookie, "").Body.String()
		if !strings.HasPrefix(question, "<dialog") || !strings.HasPrefix(page, "<!doctype html>") || !strings.Contains(page, `name="sure" value="yes"`) {
			t.Errorf("%s does not ask", path)
		}
	}
	if !live() || len(w.anew.asked) != 0 {
		t.Fatal("it was done before it was confirmed")
	}
	rec := w.ask("POST", send, cookie, "sure=yes")
	if where := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || where != "/operator/waiting?office=ACME&username=user&done=sent_anew" || len(w.anew.asked) != 1 || w.anew.asked[0] != id {
		t.Errorf("sending anew answers %d %s, asked for %v", rec.Code, where, w.anew.asked)
	}
	for _, refusal := range []struct {
		err  error
		text string
	}{
		{&twofactor.Limited{Limit: twofactor.LimitOffice}, "because a limit was reached"}, {twofactor.ErrOver, "the log-in is over"}, {&twofactor.Wait{For: time.Minute}, "because a limit was reached"},
	} {
		w.anew.err = refusal.err
		if rec := w.ask("POST", send, cookie, "sure=yes"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), refusal.text) {
			t.Errorf("%v answers %d without %q", refusal.err, rec.Code, refusal.text)
		}
	}
	if rec := w.ask("POST", end, cookie, "sure=yes"); rec.Code != http.StatusSeeOther || live() {
		t.Errorf("ending answers %d", rec.Code)
	}
	if rec := w.ask("POST", end, cookie, "sure=yes"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "This challenge has ended already.") {
		t.Errorf("ending again answers %d", rec.Code)
	}
	for _, path := range []string{"/operator/waiting/987654/end", "/operator/waiting/x/end", "/operator/waiting/0/send"} {
		if rec := w.ask("POST", path, cookie, "sure=yes"); rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
}

func TestTheOverviewIsReadWithoutColourAndInBothLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	w.waitingUser()
	w.exec(`insert into providers (name, open_since, open_class, open_status, probe_at, balance, balance_at) values
		('vonage', '2026-11-26 09:12:00Z', 'account', '9', now(), 0.12, now()), ('webhook', null, '', '', null, 10, now())`)
	for _, period := range []string{"", "?period=hour", "?period=day", "?period=month", "?period=%00"} {
		rec := w.ask("GET", "/operator"+period, cookie, "")
		body, text := rec.Body.String(), plain(rec.Body.String())
		if rec.Code != http.StatusOK || !strings.Contains(text, "Vonage SMS gets no messages since 09:12 UTC, because it refuses our account (status 9: no credit).") ||
			!strings.Contains(text, "The balance at Vonage SMS is 0.12, under 10.00.") || strings.Count(text, "Without credit") != 1 {
			t.Errorf("%q answers %d without the breaker and the balance", period, rec.Code)
		}
		start := strings.Index(body, `<svg class="plot" width="100%"`)
		drawing := body[start : start+strings.Index(body[start:], "</svg>")+6]
		if err := xml.Unmarshal([]byte(drawing), new(struct{})); err != nil || !strings.Contains(drawing, "1 messages: 1 delivered") || strings.Contains(drawing, "style=") {
			t.Errorf("%q draws %v", period, err)
		}
	}
	dutch := plain(w.ask("GET", "/operator", cookie, "", "Accept-Language", "nl").Body.String())
	if !strings.Contains(dutch, "0,12") || !strings.Contains(dutch, "100 %") || strings.Contains(dutch, "[overview") {
		t.Error("the overview is not in Dutch")
	}
}

func TestAStoppedRangeIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	if rec := w.ask("POST", "/operator/prefixes/release", cookie, "prefix=%2B316129"); rec.Header().Get("Location") != "/operator?done=prefix_released" || w.id("select count(*) from prefix_releases where prefix = '+316129'") != 1 {
		t.Errorf("answered %d", rec.Code)
	}
	if rec := w.ask("POST", "/operator/prefixes/release", cookie, "prefix=x"); rec.Code != http.StatusBadRequest {
		t.Errorf("nonsense answers %d", rec.Code)
	}
}

func TestOfficesAreMadeAndCapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	acme := w.users["ACME/user"].OfficeID
	if text := plain(w.ask("GET", "/operator/offices", cookie, "").Body.String()); !strings.Contains(text, "2 offices in this installation") || !strings.Contains(text, "ACME Accountants") {
		t.Error("the offices are not listed")
	}
	if rec := w.ask("POST", "/operator/offices", cookie, "code=new-1&name=New+Office"); rec.Header().Get("Location") != "/operator/offices?done=office_created" {
		t.Errorf("creating answers %d", rec.Code)
	}
	if n := w.id("select count(*) from offices o join audit_events e on e.office_id = o.id and e.action = 'office_created' and e.actor = 'ops' where o.code = 'NEW-1'"); n != 1 {
		t.Error("the office is not there, or nobody made it")
	}
	for form, text := range map[string]string{"code=new-1&name=x": "already", "code=a+b&name=x": "letters, digits or hyphens", "code=b&name=+": "1 to 120 characters"} {
		rec := w.ask("POST", "/operator/offices", cookie, form)
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), text) {
			t.Errorf("%s answers %d without %q", form, rec.Code, text)
		}
	}
	one := fmt.Sprintf("/operator/offices/%d", acme)
	if rec := w.ask("POST", one, cookie, "cap=99.50"); rec.Code != http.StatusSeeOther || w.id("select count(*) from offices where money_cap = 99.5") != 1 {
		t.Errorf("a cap answers %d", rec.Code)
	}
	if body := w.ask("GET", one, cookie, "").Body.String(); !strings.Contains(body, `value="99.50"`) {
		t.Error("the cap is not shown")
	}
	if body := w.ask("GET", one, cookie, "", "Accept-Language", "nl").Body.String(); !strings.Contains(body, `value="99,50"`) {
		t.Error("the cap is not shown as Dutch writes it")
	}
	if rec := w.ask("POST", one, cookie, "cap=lots"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `value="lots"`) {
		t.Errorf("no amount answers %d", rec.Code)
	}
	w.exec("insert into installation (key_fingerprint) values ('x') on conflict do nothing")
	if rec := w.ask("POST", "/operator/cap", cookie, "cap=250"); rec.Code != http.StatusSeeOther || w.id("select count(*) from installation where money_cap = 250") != 1 {
		t.Errorf("the installation's cap answers %d", rec.Code)
	}
	if rec := w.ask("POST", "/operator/cap", cookie, "cap=-1"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("less than nothing answers %d", rec.Code)
	}
	for _, path := range []string{"/operator/offices/987654", "/operator/offices/x"} {
		if rec := w.ask("GET", path, cookie, ""); rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
}

func TestCostsAreAFileWithASafeName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.ops()
	w.exec(fmt.Sprintf("insert into costs (office_id, month, provider, country, network, sends, cost) values (%d, '2026-11-01', 'vonage', 'NL', '@x', 2, 0.5)", w.users["ACME/user"].OfficeID))
	rec := w.ask("GET", "/operator/costs.csv?month=2026-11", cookie, "")
	if got := rec.Body.String(); got != "office,month,provider,country,network,sends,cost\r\nACME,2026-11,vonage,NL,'@x,2,0.500000\r\n" {
		t.Errorf("the file is %q", got)
	}
	if h := rec.Header(); h.Get("Content-Type") != "text/csv; charset=utf-8" || h.Get("Content-Disposition") != `attachment; filename="costs-2026-11.csv"` {
		t.Errorf("its headers are %v", h)
	}
	for _, month := range []string{"2026-13", "2026-1", "x", "2026-11%22%3bx", "2026-11%0d%0a"} {
		if rec := w.ask("GET", "/operator/costs.csv?month="+month, cookie, ""); rec.Code != http.StatusBadRequest {
			t.Errorf("%q answers %d", month, rec.Code)
		}
	}
}
