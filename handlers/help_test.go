package handlers

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/session"
)

var spokenWords = regexp.MustCompile(`data-words><code>([a-z ]+)</code>`)

// wordsCookie is the cookie with the words that an answer sets.
func wordsCookie(rec *httptest.ResponseRecorder) string {
	for _, c := range rec.Result().Cookies() {
		if strings.HasSuffix(c.Name, "nightlatch-words") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func TestWhoDoesNotHaveTheirPhoneReadsThreeWordsToASuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	user, cookie := f.users["ACME/user"], f.in("ACME/user")
	for _, path := range []string{"/login/ways", "/login/code", "/login/recovery"} {
		if body := f.ask("GET", path, cookie, "").Body.String(); !strings.Contains(body, `href="/login/help"`) {
			t.Errorf("%s does not lead to help", path)
		}
	}
	rec := f.ask("POST", "/login/help", cookie, "")
	words := wordsCookie(rec)
	if rec.Code != http.StatusSeeOther || words == "" {
		t.Fatalf("asking: %d %s", rec.Code, rec.Body)
	}
	page := f.ask("GET", "/login/help", cookie+"; "+words, "").Body.String()
	found := spokenWords.FindStringSubmatch(page)
	if found == nil || !strings.Contains(page, "Somebody") {
		t.Fatalf("no words, or nobody to call: %s", page)
	}
	if other := f.ask("GET", "/login/help", cookie, "").Body.String(); strings.Contains(other, "data-words") {
		t.Error("a browser without the cookie shows words")
	}
	// The page that waits is told nothing while nothing happens, and then to look again.
	shown := regexp.MustCompile(`"Shown": "([^"]+)"`).FindStringSubmatch(html.UnescapeString(page))[1]
	if rec := f.ask("GET", "/login/help/line", cookie, "", "Shown", shown); rec.Code != http.StatusNoContent ||
		rec.Header().Get("HX-Redirect") != "" {
		t.Errorf("while it waits: %d %v", rec.Code, rec.Header())
	}

	boss, path := f.full("ACME/superuser"), fmt.Sprintf("/settings/users/%d/help", user.ID)
	if body := f.ask("GET", "/settings/users", boss, "").Body.String(); !strings.Contains(body, path) {
		t.Error("the list of users does not lead to who asks")
	}
	answer := func(words string) *httptest.ResponseRecorder { return f.ask("POST", path, boss, "words="+words) }
	if rec := answer("one+two"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("no words of the list: %d", rec.Code)
	}
	if rec := answer("zoo+zoo+zoo"); rec.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(rec.Body.String(), "2 more tries") {
		t.Errorf("wrong words: %d", rec.Code)
	}
	rec = answer(strings.ReplaceAll(found[1], " ", "+"))
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `<code class="word">`) {
		t.Fatalf("the right words: %d %s", rec.Code, rec.Body)
	}
	// Who asked is led to the log-in, which says why.
	rec = f.ask("GET", "/login/help", cookie, "")
	if rec.Header().Get("Location") != "/login" || !strings.Contains(rec.Header().Get("Set-Cookie"), "reset") {
		t.Errorf("who asked: %d %v", rec.Code, rec.Header())
	}
}

func TestARefusedRequestSaysSo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	cookie := f.in("ACME/user")
	f.ask("POST", "/login/help", cookie, "")
	f.ask("POST", fmt.Sprintf("/settings/users/%d/help/refuse", f.users["ACME/user"].ID), f.full("ACME/superuser"), "")
	if rec := f.ask("GET", "/login/help/line", cookie, "", "Shown", "1-waits"); rec.Header().Get("HX-Redirect") !=
		"/login/help" {
		t.Errorf("the page that waits is not told: %d %v", rec.Code, rec.Header())
	}
	page := f.ask("GET", "/login/help", cookie, "").Body.String()
	if !strings.Contains(page, "refused") || !strings.Contains(page, "Ask once more") {
		t.Errorf("the page says: %s", page)
	}
	// Each end of a request has its sentence.
	for outcome, says := range map[string]string{
		"words": "wrong three times", "stopped": "was stopped", "again": "newer request", "": "have expired",
	} {
		f.Exec("update help_requests set outcome = nullif($1, ''), ended_at = case when $1 = '' then null else now() end, "+
			"created_at = now() - interval '1 hour'", outcome)
		if page := f.ask("GET", "/login/help", cookie, "").Body.String(); !strings.Contains(page, says) {
			t.Errorf("%q: %s", outcome, page)
		}
	}
}

// full is the cookie of a session in which two factors have just been proven.
func (f *fixture) full(who string) string {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.users[who].ID, factory.SessionOpts{TokenHash: token.Hash(), Factors: []string{"sms"}})
	return "nightlatch=" + string(token)
}
