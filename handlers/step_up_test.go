package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// typed is a form with a value for every field of a form that needs a step-up.
var typed = url.Values{
	"username": {"zoe"}, "name": {"Zoe Typed"}, "email": {"zoe@example.org"}, "role": {"user"},
	"number": {"+31612345678"}, "country": {"NL"}, "issuer": {"nonsense"}, "client_id": {"client"},
	"secret": {"typed-secret"}, "policy": {"refuse"}, "code": {"123456"}, "shown": {"yes"},
	"from": {time.Now().AddDate(0, 0, 30).Format("2006-01-02T15:04")}, "zone": {"Europe/Amsterdam"}, "hours": {"4"},
	"day": {time.Now().AddDate(0, 0, 30).Format(time.DateOnly)}, "days": {"7"}, "all": {"yes"},
	"words": {"abandon ability able"},
}

// newStepUpFixture has a superuser who proves the password, and another user of ACME with a number.
func newStepUpFixture(t *testing.T) *accessFixture {
	t.Helper()
	s := &accessFixture{fixture: newFixture(t), ids: map[string]int64{}}
	s.target = s.users["ACME/user"].ID
	s.Exec(fmt.Sprintf("insert into mobile_numbers (user_id, number, country, confirmed_at) values (%d, '+31612999777', "+
		"'NL', now())",
		s.target))
	s.keep()
	return s
}

// superuser begins a session whose password was proven so long ago.
func (s *accessFixture) superuser(ago string) (cookie string, id int64) {
	cookie, id = s.session(s.users["ACME/superuser"].ID, false)
	s.Exec(fmt.Sprintf("update sessions set password_at = now() - interval '%s' where id = %d", ago, id))
	return cookie, id
}

// ticketOf is the cookie of a form that an answer holds.
func ticketOf(rec *httptest.ResponseRecorder) string {
	for _, c := range rec.Result().Cookies() {
		if strings.HasSuffix(c.Name, web.CookieForm) {
			return "; " + c.Name + "=" + c.Value
		}
	}
	return ""
}

// post posts the typed form to a route, with a file where one is taken.
func (s *accessFixture) post(path, cookie string) *httptest.ResponseRecorder {
	if strings.HasPrefix(path, paths.UsersImport) {
		return s.upload(path, cookie, "username,name,email\nzoe,Zoe Typed,zoe@example.org",
			"lines", "username,name,email\nzoe,Zoe Typed,zoe@example.org", "digest", "none")
	}
	return s.ask(http.MethodPost, path, cookie, typed.Encode())
}

// prove takes the step-up with the password, as the form of its page does; cookie is the session's, and the ticket.
func (s *accessFixture) prove(cookie, next string) *httptest.ResponseRecorder {
	return s.ask(http.MethodPost, paths.StepUp, cookie, url.Values{"password": {password}, "next": {next}}.Encode())
}

var numbers = regexp.MustCompile(`\d+`)

// landed is where a response leads, or what its page says and still has of what was typed, without this try's ids.
func landed(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(rec.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	shown := doc.Find("h1, [role=alert], main td").Text()
	doc.Find("main input[name], main textarea").Each(func(_ int, field *goquery.Selection) {
		shown += fmt.Sprintln(field.AttrOr("name", ""), field.AttrOr("value", ""), field.Text())
	})
	return numbers.ReplaceAllString(fmt.Sprint(rec.Code, where(rec), shown), "N")
}

func TestNoFormIsLostOnTheWayOfAStepUp(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	s, asked := newStepUpFixture(t), 0
	for _, row := range rows {
		if row.Method != http.MethodPost || !strings.HasPrefix(row.Path, paths.Settings) ||
			strings.HasPrefix(row.Path, paths.StepUp) {
			continue
		}
		s.putBack()
		cookie, own := s.superuser("0")
		want := landed(t, s.post(s.fill(row.Path, "superuser", own), cookie))

		s.putBack()
		cookie, own = s.superuser("11 minutes")
		path := s.fill(row.Path, "superuser", own)
		rec := s.post(path, cookie)
		next, stale := strings.CutPrefix(where(rec), paths.StepUp+"?next=")
		if !stale || strings.Contains(want, paths.StepUp+"?") {
			continue // the password is not what it asks for
		}
		asked++
		if s.ID("select count(*) from held_forms where position('Typed' in encode(body_ct, 'escape')) = 0") != 1 {
			t.Errorf("POST %s is not held, or not sealed", row.Path)
		}
		if got := landed(t, s.prove(cookie+ticketOf(rec), next)); got != want {
			t.Errorf("POST %s after the step-up: %.300s\nwant %.300s", row.Path, got, want)
		}
		if s.ID("select count(*) from held_forms") != 0 {
			t.Errorf("POST %s is still held", row.Path)
		}
	}
	if asked < 12 {
		t.Errorf("only %d routes asked for a step-up", asked)
	}
}

func TestAHeldFormIsPerformedOnceForItsSessionAndPageAlone(t *testing.T) {
	t.Parallel()
	s := newStepUpFixture(t)
	made := func() int64 { return s.ID("select count(*) from users where username = 'zoe'") }
	ticket := ""
	hold := func() (cookie string, id int64) {
		t.Helper()
		s.putBack()
		cookie, id = s.superuser("11 minutes")
		rec := s.post(paths.UserNew, cookie)
		if where(rec) != paths.Next(paths.StepUp, paths.UserNew) {
			t.Fatalf("POST %s leads to %s", paths.UserNew, where(rec))
		}
		ticket = ticketOf(rec)
		return cookie + ticket, id
	}
	confirmed := func(what string, rec *httptest.ResponseRecorder, page string) {
		t.Helper()
		if where(rec) != page+" (confirmed)" || made() != 0 {
			t.Errorf("%s: %d %s, and %d users were made", what, rec.Code, where(rec), made())
		}
	}

	cookie, _ := hold()
	first := s.prove(cookie, paths.UserNew)
	if made() != 1 || !strings.HasSuffix(where(first), " (user_added)") {
		t.Errorf("after the proof: %d %s, and %d users were made", first.Code, where(first), made())
	}
	s.Exec("delete from users where username = 'zoe'")
	confirmed("twice", s.prove(cookieOf(t, first)+ticket, paths.UserNew), paths.UserNew)

	cookie, _ = hold()
	if s.prove("x="+cookie, paths.UserNew); made() != 0 {
		t.Error("a browser without the session performed it")
	}
	other, _ := s.superuser("11 minutes")
	confirmed("another session", s.prove(other+ticket, paths.UserNew), paths.UserNew)
	confirmed("another page", s.prove(cookie, paths.Me), paths.Me)

	cookie, _ = hold()
	s.ask(http.MethodGet, paths.UserNew, cookie, "")
	confirmed("its user went elsewhere", s.prove(cookie, paths.UserNew), paths.UserNew)

	// Who has a copy of the session's cookie, and no factor, lets none of their forms be performed with the owner's proof.
	cookie, _ = hold()
	mine := ticket
	theirs := s.post(paths.UserNew, cookie+"; nightlatch-browser=theirs")
	for what, has := range map[string]string{"no form": "", "an older form": mine, "none": "; nightlatch-form=x"} {
		s.Exec("update sessions set password_at = now() - interval '11 minutes'")
		cookie = cookieOf(t, s.prove(strings.TrimSuffix(cookie, mine)+has, paths.UserNew))
		if made() != 0 {
			t.Errorf("a form that another browser posted is performed by a browser that has posted %s", what)
		}
	}
	if s.prove(cookie+ticketOf(theirs), paths.UserNew); made() != 1 {
		t.Error("its own browser's form is lost")
	}

	cookie, _ = hold()
	s.Exec("update held_forms set expires_at = now()")
	confirmed("too late", s.prove(cookie, paths.UserNew), paths.UserNew)

	_, id := hold()
	s.Exec(fmt.Sprintf("update sessions set ended_at = now() where id = %d", id))
	if s.ID("select count(*) from held_forms") != 0 {
		t.Error("it outlives its session")
	}

	// A wrong proof keeps it.
	cookie, _ = hold()
	s.ask(http.MethodPost, paths.StepUp, cookie, "password=wrong&next="+paths.UserNew)
	if s.prove(cookie, paths.UserNew); made() != 1 {
		t.Error("a wrong proof lost it")
	}
	// Guards stand before it once more.
	cookie, _ = hold()
	acme := s.users["ACME/superuser"].OfficeID
	s.Exec(fmt.Sprintf("update users set role = 'superuser' where username = 'accountant' and office_id = %d", acme))
	s.Exec(fmt.Sprintf("update users set role = 'user' where username = 'superuser' and office_id = %d", acme))
	if rec := s.prove(cookie, paths.UserNew); rec.Code != http.StatusForbidden || made() != 0 {
		t.Errorf("a superuser who is none any more: %d", rec.Code)
	}
}
