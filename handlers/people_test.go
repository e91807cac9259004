package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// invites is a Post that notes who is invited.
type invites struct {
	ids   []int64
	fail  bool
	token account.Token // of the last
}

func (i *invites) CanMail() bool { return true }

func (i *invites) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	if m.Kind != string(account.PurposeInvite) {
		return nil
	}
	if i.fail {
		return errors.New("no mail today")
	}
	i.ids, i.token = append(i.ids, m.UserID), m.Token
	return nil
}

// upload posts a form with a file, as a browser does.
func (f *fixture) upload(path, cookie, file string, fields ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = m.WriteField(fields[i], fields[i+1])
	}
	if file != "" {
		part, err := m.CreateFormFile("file", "users.csv")
		if err != nil {
			f.t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	_ = m.Close()
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Cookie", cookie)
	rec := httptest.NewRecorder()
	f.site.ServeHTTP(rec, r)
	return rec
}

// where returns the address that an answer leads to and, in brackets, the word that its page is to tell.
func where(rec *httptest.ResponseRecorder) string {
	to := rec.Header().Get("Location") + rec.Header().Get("HX-Redirect")
	if word := toldBy(rec); word != "" {
		to += " (" + word + ")"
	}
	return to
}

// toldBy returns the word that the next page is to tell, or "".
func toldBy(rec *httptest.ResponseRecorder) string {
	for _, cookie := range rec.Result().Cookies() {
		if strings.HasSuffix(cookie.Name, web.CookieTold) {
			return cookie.Value
		}
	}
	return ""
}

// Whoever has set their first password finds the log-in filled in: they know neither the office's code nor their
// username by heart yet.
func TestAfterAnInvitationTheLogInKnowsWhoComes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mail := &invites{}
	f.invite(mail)
	f.ask("POST", "/settings/users/new", f.in("ACME/superuser"),
		"username=zoe&name=Zoe+Jansen&email=zoe%40example.org&role=accountant")
	link := "/link/" + string(mail.token)
	const password = "kettle umbrella seventeen"
	refused := f.ask("POST", link, "", url.Values{"password": {password}, "again": {"another"}}.Encode())
	if c := browserKeeps(refused, web.CookieLogin); c != "" {
		t.Errorf("a refused password leaves %q", c)
	}
	rec := f.ask("POST", link, "", url.Values{"password": {password}, "again": {password}}.Encode())
	if where(rec) != "/login (password)" {
		t.Fatalf("answered %d %s", rec.Code, where(rec))
	}
	page := f.ask("GET", "/login", browserKeeps(rec, web.CookieLogin), "").Body.String()
	if !strings.Contains(page, `value="ACME"`) || !strings.Contains(page, `value="zoe"`) {
		t.Errorf("the log-in is empty: %s", page)
	}
	over := f.ask("POST", link, "", url.Values{"password": {password}, "again": {password}}.Encode())
	if c := browserKeeps(over, web.CookieLogin); c != "" || over.Code != http.StatusGone {
		t.Errorf("a link that is over answers %d and leaves %q", over.Code, c)
	}
}

// browserKeeps returns a cookie of an answer, as a browser sends it back; "" when there is none.
func browserKeeps(rec *httptest.ResponseRecorder, name string) string {
	for _, cookie := range rec.Result().Cookies() {
		if strings.HasSuffix(cookie.Name, name) && cookie.Value != "" {
			return cookie.Name + "=" + cookie.Value
		}
	}
	return ""
}

// The list says who was invited, and until when; whoever has no password can be selected, many at once, without a
// script too.
func TestManyAreInvitedAgainFromTheList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mail := &invites{}
	f.invite(mail)
	cookie, list := f.in("ACME/superuser"), func(cookie, query string) *goquery.Document {
		doc, err := goquery.NewDocumentFromReader(f.ask("GET", "/settings/users"+query, cookie, "").Body)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	if list(cookie, "").Find("input[type=checkbox]").Length() != 0 {
		t.Error("somebody can be selected though everybody is in")
	}
	for _, name := range []string{"una", "otto", "zoe"} {
		f.ask("POST", "/settings/users/new", cookie,
			"username="+name+"&name="+name+"&email="+name+"%40example.org&role=user")
	}
	f.Exec(`update one_time_links set created_at = now() - interval '8 days', expires_at = now() - interval '1 day'
		where user_id = (select id from users where username = 'otto')`)
	f.Exec("delete from one_time_links where user_id = (select id from users where username = 'zoe')")
	rows := map[string]string{}
	list(cookie, "").Find("tbody tr").Each(func(_ int, row *goquery.Selection) {
		rows[row.Find("th small").Text()] = row.Text()
	})
	for name, said := range map[string]string{
		"una": "works until", "otto": "invitation expired", "zoe": "no password yet", "user": "enabled",
	} {
		if !strings.Contains(rows[name], said) || name == "user" && strings.Contains(rows[name], "nvited") {
			t.Errorf("of %s it says %q", name, rows[name])
		}
	}
	if list(f.in("ACME/accountant"), "").Find("input[type=checkbox]").Length() != 0 {
		t.Error("an accountant may select somebody")
	}
	boxes := list(cookie, "?select=all").Find("input[type=checkbox][form=invite-again][checked]")
	if boxes.Length() != 3 || list(cookie, "").Find("input[type=checkbox][checked]").Length() != 0 {
		t.Errorf("%d are selected", boxes.Length())
	}
	if rec := f.ask("POST", "/settings/users/invite", cookie, ""); rec.Code != 422 ||
		!strings.Contains(rec.Body.String(), locale.T("en", "users.select_somebody")) {
		t.Errorf("nobody selected: %d", rec.Code)
	}
	var form []string
	boxes.Each(func(_ int, box *goquery.Selection) { form = append(form, "user="+box.AttrOr("value", "")) })
	sent := len(mail.ids)
	rec := f.ask("POST", "/settings/users/invite", cookie, strings.Join(form, "&"))
	if where(rec) != "/settings/users (invited_again-2)" || len(mail.ids) != sent+2 { // una was, just now
		t.Errorf("answered %s, %d mails", where(rec), len(mail.ids)-sent)
	}
	told := f.ask("GET", "/settings/users", cookie+"; nightlatch-told=invited_again-2", "").Body.String()
	if !strings.Contains(told, "2 invitations are on their way.") {
		t.Error("it does not say how many")
	}
	if rec := f.ask("POST", "/settings/users/invite", cookie, form[0]); toldBy(rec) != "invited_nobody" {
		t.Errorf("at once again: %s", where(rec))
	}
	if rec := f.ask("POST", "/settings/users/invite", cookie, "user=x"); rec.Code != 400 {
		t.Errorf("what is no user: %d", rec.Code)
	}
}

// Numbers are entered one after the other: a row is swapped for what was saved, whole, or comes back with what was
// typed and why; without a script the page comes back at the next field.
func TestNumbersAreEnteredInTheList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.users["ACME/user"].OfficeID
	for _, name := range []string{"ann", "bob", "cleo"} {
		factory.User(t, f.pool, office, factory.UserOpts{Username: name, Name: name})
	}
	id := func(name string) int64 { return f.ID("select id from users where username = '" + name + "'") }
	cookie := f.in("ACME/superuser")
	page := f.ask("GET", "/settings/users/numbers", cookie, "").Body.String()
	if n := strings.Count(page, "data-number-row"); n != 6 || strings.Contains(page, "country-select") {
		t.Errorf("%d rows, or a list of countries", n)
	}
	path := func(name string) string { return fmt.Sprintf("/settings/users/%d/number/listed", id(name)) }
	form := func(number string) string {
		return url.Values{"number": {number}, "country": {"NL"}, "next": {fmt.Sprint(id("bob"))}}.Encode()
	}
	rec := f.ask("POST", path("ann"), cookie, form("06 12 34 56 78"), "HX-Request-Type", "partial")
	body := html.UnescapeString(rec.Body.String())
	if rec.Code != 200 || !strings.Contains(body, "+31\u00a06\u00a012345678") ||
		strings.Contains(body, "<form") || strings.Contains(body, "<html") {
		t.Errorf("a saved row is %d %s", rec.Code, body)
	}
	for number, problem := range map[string]string{"020 1234567": "cannot get text", "0612345678": "Another user has",
		"+93 70 123 4567": "sends no codes"} {
		rec := f.ask("POST", path("bob"), cookie, form(number), "HX-Request-Type", "partial")
		if body := rec.Body.String(); rec.Code != 422 || !strings.Contains(body, problem) ||
			!strings.Contains(body, `aria-invalid="true"`) || !strings.Contains(body, strings.TrimPrefix(number, "+")) {
			t.Errorf("%s: %d %s", number, rec.Code, body)
		}
	}
	rec = f.ask("POST", path("cleo"), cookie, form("0687654321"))
	if where(rec) != fmt.Sprint("/settings/users/numbers#number-", id("bob")) {
		t.Errorf("without a script it leads to %s", where(rec))
	}
	kept := browserKeeps(rec, web.CookieNumber)
	if body := f.ask("GET", "/settings/users/numbers", cookie+"; "+kept, "").Body.String(); !strings.Contains(body,
		"87654321") || strings.Contains(body, fmt.Sprintf(`id="number-%d"`, id("cleo"))) {
		t.Error("what was saved is not shown, or its user is in the list still")
	}
	if body := f.ask("GET", "/settings/users/numbers", cookie, "").Body.String(); strings.Contains(body, "87654321") {
		t.Error("it is shown twice")
	}
	rec = f.ask("POST", path("bob"), cookie, form("1"))
	if rec.Code != 422 || !strings.Contains(rec.Body.String(), fmt.Sprintf(`href="#number-%d"`, id("bob"))) {
		t.Errorf("refused without a script: %d", rec.Code)
	}
	if body := f.ask("GET", "/settings/users/numbers", f.in("ACME/accountant"), "").Body.String(); strings.Contains(body,
		fmt.Sprintf(`id="number-%d"`, f.users["ACME/superuser"].ID)) {
		t.Error("an accountant is offered a superuser's number")
	}
}

func TestASuperuserMakesAUserOnThePages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mail := &invites{}
	f.invite(mail)
	cookie := f.in("ACME/superuser")
	if body := f.ask("GET", "/settings/users/new", cookie, "").Body.String(); strings.Contains(body,
		"nightlatch user create") || !strings.Contains(body, `name="email"`) {
		t.Errorf("the form is %s", body)
	}
	rec := f.ask("POST", "/settings/users/new", cookie,
		"username=Zoe&name=Zoe+Jansen&email=zoe%40example.org&role=accountant")
	id := f.ID("select id from users where username = 'zoe' and role = 'accountant' and office_id = " +
		fmt.Sprint(f.users["ACME/user"].OfficeID))
	if rec.Code != 303 || where(rec) != fmt.Sprintf("/settings/users/%d (user_added_invited)", id) ||
		len(mail.ids) != 1 || mail.ids[0] != id {
		t.Errorf("answered %d %s, invited %v", rec.Code, where(rec), mail.ids)
	}
	if body := f.ask("GET", fmt.Sprintf("/settings/users/%d", id), cookie, "").Body.String(); !strings.Contains(body,
		"Has no password yet") || !strings.Contains(body, "/invite") {
		t.Error("the page does not say that there is no password")
	}
	mail.fail = true
	if rec := f.ask("POST", "/settings/users/new", cookie,
		"username=bob&name=Bob&email=bob%40example.org&role=user"); !strings.HasSuffix(where(rec), "(user_not_invited)") {
		t.Errorf("without mail: %d %s", rec.Code, where(rec))
	}
	for form, problem := range map[string]string{
		"username=zoe&name=Z&email=z%40example.org&role=user":   "already",
		"username=a+b&name=Z&email=z%40example.org&role=user":   "no spaces",
		"username=c&name=&email=z%40example.org&role=user":      "1 to 120",
		"username=c&name=C&email=z&role=user":                   "not one e-mail",
		"username=c&name=C&email=&role=user":                    "needs an e-mail",
		"username=c&name=C&email=c%40example.org&role=operator": "Choose a role",
		"username=c&name=%3Cscript%3E&email=c%40example.org":    "Choose a role",
	} {
		rec := f.ask("POST", "/settings/users/new", cookie, form)
		if body := rec.Body.String(); rec.Code != 422 || !strings.Contains(body, problem) ||
			!strings.Contains(body, `aria-invalid="true"`) || strings.Contains(body, "<script>") {
			t.Errorf("%s answers %d", form, rec.Code)
		}
	}
	f.invite(nil)
	if body := f.ask("GET", "/settings/users/new", cookie, "").Body.String(); !strings.Contains(body,
		"nightlatch user create --office ACME") {
		t.Error("it does not say what the operator can do")
	}
	if body := f.ask("GET", fmt.Sprintf("/settings/users/%d", id), cookie, "").Body.String(); !strings.Contains(body,
		"cannot send mail") || strings.Contains(body, `action="/settings/users/`+fmt.Sprint(id)+`/invite"`) {
		t.Error("the page offers an invitation that cannot be sent")
	}
}

func TestWhatChangesAUserAsksForAFreshProofAndNamesTheUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	at := func(rest string) string { return fmt.Sprintf("/settings/users/%d%s", f.users["ACME/user"].ID, rest) }
	f.Exec("update users set name = 'Otto Tester' where username = 'user'")
	for _, question := range []string{"/disable", "/delete", "/end-sessions"} {
		whole, part := f.ask("GET", at(question), cookie, "").Body.String(),
			f.ask("GET", at(question), cookie, "", "HX-Request-Type", "partial").Body.String()
		if !strings.HasPrefix(whole, "<!doctype html>") || !strings.HasPrefix(part, "<dialog") ||
			!strings.Contains(whole, "Otto Tester?") && !strings.Contains(whole, "Otto Tester (user)?") ||
			!strings.Contains(part, "Otto Tester") {
			t.Errorf("%s asks %s", question, part)
		}
	}
	f.Exec("update sessions set password_at = now() - interval '11 minutes'")
	before := f.sum(guarded...)
	for path, next := range map[string]string{
		at("/change"): at("/change"), at("/disable"): at("/disable"), at("/enable"): at(""), at("/delete"): at("/delete"),
		at("/reset"): at("/reset"), "/settings/users/new": "/settings/users/new",
	} {
		rec := f.ask("POST", path, cookie, "username=x&name=X&email=x%40example.org&role=user")
		if rec.Code != 303 || where(rec) != "/settings/confirm?next="+next {
			t.Errorf("POST %s answers %d %s", path, rec.Code, where(rec))
		}
	}
	for _, path := range []string{at("/change"), "/settings/users/new", "/settings/users/import"} {
		if rec := f.ask("GET", path, cookie, ""); rec.Code != 303 ||
			!strings.HasPrefix(where(rec), "/settings/confirm?next=") {
			t.Errorf("GET %s answers %d %s", path, rec.Code, where(rec))
		}
	}
	for _, path := range []string{"/settings/users/import", "/settings/users/import/do"} {
		if rec := f.upload(path, cookie, "username\nx", "lines",
			"username,name,email\nx,X,x@example.org"); rec.Code != 303 || !strings.HasPrefix(where(rec), "/settings/confirm") {
			t.Errorf("POST %s answers %d", path, rec.Code)
		}
	}
	// One's own sessions, too.
	f.in("ACME/superuser")
	for _, path := range []string{"/settings/me/sessions/end-others", fmt.Sprintf("/settings/me/sessions/%d/end",
		f.ID("select max(id) from sessions"))} {
		if rec := f.ask("POST", path, cookie, ""); !strings.HasPrefix(where(rec), "/settings/confirm") {
			t.Errorf("POST %s answers %d %s", path, rec.Code, where(rec))
		}
	}
	if f.sum(guarded...) != before || f.ID("select count(*) from sessions where ended_at is not null") != 0 {
		t.Error("something changed")
	}
}

func TestAChangeOfRoleOrADisablingCountsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	super, ann := f.in("ACME/superuser"), f.in("ACME/accountant")
	id := f.users["ACME/accountant"].ID
	if rec := f.ask("GET", "/settings/users", ann, ""); rec.Code != 200 {
		t.Fatal(rec.Code)
	}
	f.ask("POST", fmt.Sprintf("/settings/users/%d/change", id), super, "name=Ann&email=&role=user")
	if rec := f.ask("GET", "/settings/users", ann, ""); rec.Code != 303 || where(rec) != "/login (ended)" {
		t.Errorf("after another role: %d %s", rec.Code, where(rec))
	}
	ann = f.in("ACME/accountant")
	f.ask("POST", fmt.Sprintf("/settings/users/%d/disable", id), super, "")
	if rec := f.ask("GET", "/settings/me", ann, ""); rec.Code != 303 || where(rec) != "/login (ended)" {
		t.Errorf("after a disabling: %d %s", rec.Code, where(rec))
	}
	own := f.users["ACME/superuser"].ID
	if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/change", own), super,
		"name=S&email=&role=user"); rec.Code != 422 || !strings.Contains(rec.Body.String(), "last superuser") {
		t.Errorf("stepping down answers %d", rec.Code)
	}
	for _, act := range []string{"disable", "delete"} {
		if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/%s", own, act), super, ""); rec.Code != 422 ||
			!strings.Contains(rec.Body.String(), "another superuser") {
			t.Errorf("%s oneself answers %d", act, rec.Code)
		}
	}
	if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/delete", id), super,
		""); where(rec) != "/settings/users (user_deleted)" ||
		f.ID(fmt.Sprintf("select count(*) from users where id = %d", id)) != 0 {
		t.Errorf("deleting answers %d %s", rec.Code, where(rec))
	}
}

// security.md B35: fields that no form has change nothing, whichever form they are added to.
func TestFieldsThatNoFormHasAreNotTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{Unconfirmed: true})
	rights := func() string {
		return fmt.Sprint(f.sum("(select id, office_id, role, username, password_hash, language from users where "+
			"username = 'user' or office_id = 2)", "(select user_id, confirmed_at from mobile_numbers)",
			"(select id, two_factor_required from offices)"))
	}
	before := rights()
	extra := url.Values{
		"role": {"user", "superuser"}, "office_id": {"2"}, "officeID": {"2"}, "id": {"1"}, "user_id": {"1"},
		"username": {"root"}, "password_hash": {"x"}, "password": {"x"},
		"mobile_verified": {"true"}, "confirmed_at": {"now"}, "disabled_at": {""}, "two_factor_required": {"true"},
		"level": {"2"}, "language": {"nl"}, "name": {"Somebody"}, "email": {""},
		"user[role]": {"superuser"}, "role[]": {"superuser"},
	}.Encode()
	deletes := regexp.MustCompile(`/delete$|/reset$|/activate$|/switch-off$|/number$`)
	count := 0
	for _, role := range []string{"user", "accountant", "superuser"} {
		for _, route := range f.routes(t, 70) {
			if route.Method != http.MethodPost || strings.HasPrefix(route.Path, "/login") || deletes.MatchString(route.Path) {
				continue
			}
			count++
			cookie := f.in("ACME/" + role) // some of them log out
			rec := f.ask("POST", target(route, f.users["ACME/user"].ID)+"?role=superuser", cookie, extra)
			if rec.Code >= 500 {
				t.Errorf("%s: %s answers %d", role, route.Path, rec.Code)
			}
		}
	}
	if count < 60 {
		t.Errorf("only %d forms were tried", count)
	}
	if rights() != before {
		t.Error("a right changed")
	}
	if n := f.ID(`select count(*) from users where username = 'root'
		and (role <> 'user' or password_hash <> '' or office_id <> 1)`); n != 0 {
		t.Error("a user was made with more than the form has")
	}
}

func TestAFileIsLookedAtBeforeItIsImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mail := &invites{}
	f.invite(mail)
	cookie := f.in("ACME/superuser")
	before := f.sum(append(guarded, "audit_events")...)
	for file, problem := range map[string]string{
		"": "Choose a file", "username,name\nzoe,Zo\xeb": "not UTF-8", "name\nx": "no column username",
		"username,office_id\nx,2": "office_id", "username,user\nx,y": "twice",
		"username": "no user in the file", "username,name\nx,\"y": "line 2", "username\nx,y": "more cells",
		"username\n" + strings.Repeat("x\n", 2001): "2000", "username\n" + strings.Repeat("x", 1<<20): "larger than 1 MB",
	} {
		if rec := f.upload("/settings/users/import", cookie, file); rec.Code != 422 ||
			!strings.Contains(rec.Body.String(), problem) {
			t.Errorf("%.30q answers %d", file, rec.Code)
		}
	}
	bad := f.upload("/settings/users/import", cookie,
		"username;name;email;role\nzoe;Zoe;zoe@example.org;user\nuser;<b>x</b>;;king\nBOB;;;\n").Body.String()
	if !strings.Contains(bad, `data-line="3"`) || !strings.Contains(bad, "king") || !strings.Contains(bad, "1 to 120") ||
		strings.Contains(bad, "import/do") || strings.Contains(bad, "<b>x") || strings.Contains(bad, `data-line="2"`) {
		t.Errorf("the preview of a bad file is %s", bad)
	}
	good := f.upload("/settings/users/import", cookie,
		"username;name;email;role\nzoe;Zoe;zoe@example.org;user\nuser;Another Name;;accountant\n")
	if f.sum(append(guarded, "audit_events")...) != before {
		t.Fatal("looking changed something")
	}
	hidden := func(name string) string {
		m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(good.Body.String())
		if m == nil {
			t.Fatalf("no %s in %s", name, good.Body)
		}
		return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&", "&lt;", "<").Replace(m[1])
	}
	if !strings.Contains(good.Body.String(), "Another Name") || !strings.Contains(good.Body.String(), "was Somebody") {
		t.Error("the preview does not say what changes")
	}
	lines, digest := hidden("lines"), hidden("digest")
	others := strings.Replace(lines, `"zoe","Zoe"`, `"eve","Eve"`, 1)
	if rec := f.upload("/settings/users/import/do", cookie, "", "lines", others, "digest", digest); rec.Code != 422 ||
		!strings.Contains(rec.Body.String(), "have changed meanwhile") {
		t.Errorf("other lines than those looked at: %d", rec.Code)
	}
	if f.sum(append(guarded, "audit_events")...) != before {
		t.Fatal("they were imported")
	}
	rec := f.upload("/settings/users/import/do", cookie, "", "lines", lines, "digest", digest, "invite", "yes")
	if where(rec) != "/settings/users (imported_invited-1)" || len(mail.ids) != 1 ||
		f.ID("select count(*) from users where username = 'user' and name = 'Another Name' and role = 'accountant'") != 1 {
		t.Errorf("answered %d %s, invited %v", rec.Code, where(rec), mail.ids)
	}
	if rec := f.upload("/settings/users/import/do", cookie, "", "lines", lines, "digest", digest); rec.Code == 303 {
		t.Error("once more does it again")
	}
	// A large body is for this alone, and for superusers alone.
	if rec := f.upload("/settings/users/new", cookie, strings.Repeat("x", 100_000)); rec.Code != 413 {
		t.Errorf("a large body elsewhere: %d", rec.Code)
	}
	if rec := f.upload("/settings/users/import", cookie, strings.Repeat("x", 2_000_000)); rec.Code != 413 {
		t.Errorf("too large a body: %d", rec.Code)
	}
	if rec := f.upload("/settings/users/import", f.in("ACME/accountant"), "username\nx"); rec.Code != 403 {
		t.Errorf("an accountant: %d", rec.Code)
	}
	export := f.ask("POST", "/settings/users/export", cookie, "")
	if export.Header().Get("Content-Type") != "text/csv; charset=utf-8" ||
		!strings.Contains(export.Header().Get("Content-Disposition"), "attachment") ||
		!strings.Contains(export.Body.String(), `"zoe","Zoe","zoe@example.org","user","","none","no"`) {
		t.Errorf("the export is %v %s", export.Header(), export.Body)
	}
}

// A number in a file is shown whole on the preview, once, to who chose the file; a bad one says why on its line.
func TestThePreviewShowsNumbersWholeOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mail := &invites{}
	f.invite(mail)
	cookie := f.in("ACME/superuser")
	bad := f.upload("/settings/users/import", cookie, "username,mobile\nuser,020 1234567\naccountant,+93 70 123 4567\n"+
		"superuser,soon\n").Body.String()
	for _, want := range []string{"020 1234567", locale.T("en", "refusal.wrong_kind"), "sends no codes to Afghanistan",
		locale.T("en", "refusal.not_a_number")} {
		if !strings.Contains(bad, want) {
			t.Errorf("the preview of bad numbers does not say %q", want)
		}
	}
	good := f.upload("/settings/users/import", cookie,
		"username;name;email;mobiel;taal;uitnodigen\nzoe;Zoe;zoe@example.org;06 12 34 56 78;nl;\n"+
			"bob;Bob;bob@example.org;;;nee\n")
	doc, err := goquery.NewDocumentFromReader(good.Body)
	if err != nil {
		t.Fatal(err)
	}
	row := doc.Find(`tr[data-line="2"]`).Text()
	if !strings.Contains(row, "+31\u00a06\u00a012345678") || !strings.Contains(row, "Nederlands") {
		t.Errorf("the row is %q", row)
	}
	if !strings.Contains(doc.Text(), "Invite the new user by mail") {
		t.Error("it does not say that one of the two is invited")
	}
	hidden := func(name string) string { return doc.Find("input[name="+name+"]").AttrOr("value", "") }
	rec := f.upload("/settings/users/import/do", cookie, "", "lines", hidden("lines"), "digest", hidden("digest"),
		"invite", "yes")
	if where(rec) != "/settings/users (imported_invited-1)" || len(mail.ids) != 1 {
		t.Errorf("answered %d %s, %d mails", rec.Code, where(rec), len(mail.ids))
	}
	for _, path := range []string{"/settings/users", fmt.Sprint("/settings/users/", f.ID(
		"select id from users where username = 'zoe'"))} {
		if body := f.ask("GET", path, cookie, "").Body.String(); strings.Contains(body, "12345678") {
			t.Errorf("%s shows the number", path)
		}
	}
	export := f.ask("POST", "/settings/users/export", cookie, "").Body.String()
	if strings.Contains(export, "678") || !strings.Contains(export, `"nl"`) {
		t.Errorf("the export is %s", export)
	}
}

func TestEveryProblemOfAFileHasItsWords(t *testing.T) {
	for _, problem := range []string{"none", "too_large", "not_utf8", "empty", "quotes", "column", "column_twice",
		"no_username", "too_many_cells", "too_many_lines"} {
		if !locale.Has("file." + problem) {
			t.Errorf("file.%s is not in the catalogue", problem)
		}
	}
	for _, toast := range web.Toasts() {
		if !locale.Has("done." + toast) {
			t.Errorf("done.%s is not in the catalogue", toast)
		}
	}
}

func TestAnAccountantAsksForAResetAndASuperuserSeesIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.numbers(factory.NumberOpts{})
	ann, super, id := f.in("ACME/accountant"), f.in("ACME/superuser"), f.users["ACME/user"].ID
	f.Exec("update users set name = 'Ann Tester' where username = 'accountant'")
	if body := f.ask("GET", fmt.Sprintf("/settings/users/%d", id), ann, "").Body.String(); !strings.Contains(body,
		"/reset/ask") || strings.Contains(body, `/reset"`) || strings.Contains(body, "/delete") {
		t.Error("an accountant's page has the wrong buttons")
	}
	if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/reset/ask", id), ann, ""); !strings.HasSuffix(where(rec),
		"(reset_asked)") {
		t.Fatalf("asking answers %d", rec.Code)
	}
	if rec := f.ask("POST", fmt.Sprintf("/settings/users/%d/reset", id), ann, ""); rec.Code != 403 {
		t.Errorf("an accountant's reset answers %d", rec.Code)
	}
	list := f.ask("GET", "/settings/users", super, "").Body.String()
	if !strings.Contains(list, "Ann Tester asks for a reset for Somebody") || !strings.Contains(list, "reset requested") {
		t.Error("the list does not say it")
	}
	if body := f.ask("GET", fmt.Sprintf("/settings/users/%d", id), super, "").Body.String(); !strings.Contains(body,
		"Ann Tester asked for a reset") {
		t.Error("the user's page does not say it")
	}
	f.ask("POST", fmt.Sprintf("/settings/users/%d/reset/decline", id), super, "")
	if f.ID("select count(*) from reset_requests") != 0 || f.ID("select count(*) from mobile_numbers") != 6 {
		t.Error("declining did not decline")
	}
}

func TestTheListIsFoundInAndPagedWithAndWithoutHtmx(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`insert into users (office_id, username, name, role, password_hash)
		select 1, 'u' || n, 'Name ' || n || ' <i>', 'user', 'x' from generate_series(1, 1000) n`)
	cookie := f.in("ACME/accountant")
	whole, part := f.ask("GET", "/settings/users?q=name+17", cookie, "").Body.String(),
		f.ask("GET", "/settings/users?q=name+17", cookie, "", "HX-Request-Type", "partial").Body.String()
	if !strings.HasPrefix(whole, "<!doctype html>") || !strings.HasPrefix(part, "<section") ||
		strings.Count(part, "<tr") != 12 || !strings.Contains(part, "11 users found") || strings.Contains(part, "<i>") {
		t.Errorf("the part is %s", part)
	}
	if strings.Contains(whole, "/settings/users/new") || strings.Contains(whole, "end-sessions") {
		t.Error("an accountant is offered a superuser's work")
	}
	second := f.ask("GET", "/settings/users?q=u&page=2", cookie, "").Body.String()
	if !strings.Contains(second, "Page 2 of 21") || !strings.Contains(second, `href="/settings/users?page=3&amp;q=u"`) ||
		!strings.Contains(second, `rel="prev"`) {
		t.Error("the second page does not lead on")
	}
	if body := f.ask("GET", "/settings/users?q=%22%3E%3Cscript%3E&page=x", cookie,
		"").Body.String(); strings.Contains(body, `"><script>`) || !strings.Contains(body, "No user has this") {
		t.Error("nothing found is not said, or what was typed is not escaped")
	}
}

func TestEverySessionOfTheOfficeEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	super, user, other := f.in("ACME/superuser"), f.in("ACME/user"), f.in("OTHER/user")
	if body := f.ask("GET", "/settings/users", super, "").Body.String(); !strings.Contains(body, "2 sessions are open") {
		t.Error("the page does not count the sessions")
	}
	if part := f.ask("GET", "/settings/users/end-sessions", super, "", "HX-Request-Type",
		"partial").Body.String(); !strings.HasPrefix(part, "<dialog") || !strings.Contains(part, "ACME Accountants?") ||
		!strings.Contains(part, `name="also"`) {
		t.Errorf("the question is %s", part)
	}
	f.ask("POST", "/settings/users/end-sessions", super, "")
	for cookie, want := range map[string]int{super: 200, user: 303, other: 200} {
		if rec := f.ask("GET", "/settings/me", cookie, ""); rec.Code != want {
			t.Errorf("a session answers %d, want %d", rec.Code, want)
		}
	}
	second := f.in("ACME/superuser")
	f.ask("POST", "/settings/me/sessions/end-others", super, "")
	if rec := f.ask("GET", "/settings/me", second, ""); rec.Code != 303 {
		t.Error("the other session of one's own lives")
	}
	f.ask("POST", "/settings/users/end-sessions", super, "also=yes")
	if rec := f.ask("GET", "/settings/me", super, ""); rec.Code != 303 {
		t.Error("one's own session lives though it was chosen")
	}
}
