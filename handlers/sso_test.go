package handlers

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
)

const refusal = "This authentication method is not activated for environments in Nightlatch with two-factor " +
	"authentication. Please contact your administrator / superuser for assistance."

var onwardLink = regexp.MustCompile(`href="([^"]+)" data-onward`)

// provide sets ACME's provider on its page.
func (f *fixture) provide(idp *federationtest.Provider) {
	f.t.Helper()
	form := url.Values{
		"issuer": {idp.URL}, "client_id": {federationtest.ClientID}, "secret": {federationtest.Secret}, "policy": {"refuse"},
	}
	if rec := f.ask("POST", "/settings/office/sign-in", f.in("ACME/superuser"),
		form.Encode()); rec.Code != http.StatusSeeOther {
		f.t.Fatalf("saving the provider answers %d %s", rec.Code, rec.Body)
	}
}

// leave goes from the log-in page to the provider, and returns the browser's cookie and what it brings back.
func (f *fixture) leave(idp *federationtest.Provider) (cookie string, back string) {
	f.t.Helper()
	rec := f.ask("POST", "/login/sso", "", "office=acme")
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login/sso/go" {
		f.t.Fatalf("answers %d %s", rec.Code, rec.Header().Get("Location"))
	}
	cookie, _, _ = strings.Cut(rec.Header().Get("Set-Cookie"), ";")
	if set := rec.Header().Get("Set-Cookie"); !strings.Contains(set, "Max-Age=600") ||
		!strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") {
		f.t.Errorf("the flow's cookie is %q", set)
	}
	rec = f.ask("GET", "/login/sso/go", cookie, "")
	found := onwardLink.FindStringSubmatch(rec.Body.String())
	if found == nil || rec.Header().Get("Content-Security-Policy") != web.PagePolicy {
		f.t.Fatalf("the page leads nowhere: %d %s", rec.Code, rec.Body)
	}
	return cookie, "/login/sso/callback?" + idp.LogIn(f.t, html.UnescapeString(found[1])).Encode()
}

func cookiesOf(rec *httptest.ResponseRecorder) []string { return rec.Header().Values("Set-Cookie") }

func TestSingleSignOnInAnOfficeWithTwoFactorsLeavesNothingButASentence(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	cookie, back := f.leave(idp)
	f.Exec("update offices set two_factor_required = true")
	sessions := f.ID("select count(*) from sessions")
	rec := f.ask("GET", back, cookie, "")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), refusal) || len(cookiesOf(rec)) != 0 {
		t.Errorf("answers %d, cookies %q: %s", rec.Code, cookiesOf(rec), rec.Body)
	}
	if f.ID("select count(*) from sessions") != sessions || f.ID("select count(*) from sso_identities") != 0 ||
		f.ID("select count(*) from sso_flows") != 0 ||
		f.ID("select count(*) from audit_events where action = 'sso_refused'") != 1 {
		t.Error("something is left, or not written down")
	}
	rec = f.ask("GET", back, cookie, "", "Accept-Language", "nl")
	if rec.Code != http.StatusBadRequest || len(cookiesOf(rec)) != 0 {
		t.Errorf("the same answer again: %d, %q", rec.Code, cookiesOf(rec))
	}
	cookie, back = f.leave(idp)
	if rec = f.ask("GET", back, cookie, "", "Accept-Language", "nl"); !strings.Contains(rec.Body.String(),
		"niet geactiveerd voor omgevingen in Nightlatch met tweestapsverificatie") {
		t.Errorf("in Dutch: %s", rec.Body)
	}
}

func TestTheFirstSingleSignOnLinksByThePasswordOfThisOffice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	cookie, back := f.leave(idp)
	rec := f.ask("GET", back, cookie, "")
	if rec.Header().Get("Location") != "/login/sso/link" || len(cookiesOf(rec)) != 1 {
		t.Fatalf("answers %d %s", rec.Code, rec.Header().Get("Location"))
	}
	cookie, _, _ = strings.Cut(cookiesOf(rec)[0], ";")
	if rec = f.ask("POST", "/login/sso/link", cookie,
		"username=user&password=wrong"); rec.Code != http.StatusUnprocessableEntity ||
		f.ID("select count(*) from sso_identities") != 0 {
		t.Errorf("a wrong password answers %d", rec.Code)
	}
	// A disabled user is answered as a wrong password is.
	f.Exec("update users set disabled_at = now() where username = 'user'")
	other := f.ask("POST", "/login/sso/link", cookie, "username=user&password="+url.QueryEscape(password))
	if other.Code != rec.Code || other.Body.String() != rec.Body.String() && other.Code != http.StatusTooManyRequests {
		t.Errorf("a disabled user is answered %d: %s", other.Code, other.Body)
	}
	f.Exec("update users set disabled_at = null")
	f.Exec("delete from password_failures")
	if rec = f.ask("POST", "/login/sso/link", cookie,
		"username=user&password="+url.QueryEscape(password)); rec.Header().Get("Location") != "/" {
		t.Fatalf("the right password answers %d %s", rec.Code, rec.Body)
	}
	cookie, back = f.leave(idp)
	if rec = f.ask("GET", back, cookie, ""); rec.Header().Get("Location") != "/" {
		t.Fatalf("the next time: %d %s", rec.Code, rec.Body)
	}
	if f.ID("select count(*) from sessions where methods = '{sso}' and level = 1 and user_id = "+
		strconv.FormatInt(f.users["ACME/user"].ID, 10)) != 1 {
		t.Error("the session does not say how it was begun")
	}
}

func TestSingleSignOnGivesNoOfficeAwayAndNeverBreaks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	unknown, without := f.ask("POST", "/login/sso", "", "office=NOBODY"), f.ask("POST", "/login/sso", "", "office=OTHER")
	if unknown.Code != http.StatusUnprocessableEntity || without.Code != unknown.Code ||
		strings.ReplaceAll(unknown.Body.String(), "NOBODY", "OTHER") != without.Body.String() ||
		len(cookiesOf(unknown)) != len(cookiesOf(without)) {
		t.Errorf("%d and %d", unknown.Code, without.Code)
	}
	cookie, back := f.leave(idp)
	for _, path := range []string{"/login/sso/callback", "/login/sso/callback?state=x&code=y", back + "&state=x",
		back + "&code=x", "/login/sso/go?x=%00", "/login/sso/link",
		"/login/sso/callback?state=%00&code=%ff&iss=%00"} {
		if rec := f.ask("GET", path, "", ""); rec.Code != http.StatusBadRequest {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
	if rec := f.ask("GET", back+"&state=x", cookie, ""); rec.Code != http.StatusBadRequest {
		t.Errorf("two states answer %d", rec.Code)
	}
	// An outage is a page with a way on and the local log-in.
	idp.Close()
	rec := f.ask("GET", back, cookie, "")
	if body := rec.Body.String(); rec.Code != http.StatusBadGateway || !strings.Contains(body, `action="/login/sso"`) ||
		!strings.Contains(body, `href="/login"`) {
		t.Errorf("an outage answers %d %s", rec.Code, body)
	}
	if n := f.ID("select count(*) from sso_identities"); n != 0 {
		t.Errorf("%d links", n)
	}
}

func TestTheBrowserNeverSeesATokenOfTheProvider(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	idp := federationtest.Start(t)
	f.provide(idp)
	token := regexp.MustCompile(`eyJ[\w-]+\.eyJ|an access token`)
	looked := 0
	ask := func(method, path, cookie, body string) *httptest.ResponseRecorder {
		rec := f.ask(method, path, cookie, body)
		looked++
		if all := fmt.Sprint(rec.Header()) + html.UnescapeString(rec.Body.String()); token.MatchString(all) {
			t.Errorf("%s %s shows a token: %s", method, path, all)
		}
		return rec
	}
	cookie, back := f.leave(idp)
	rec := ask("GET", back, cookie, "")
	linking, _, _ := strings.Cut(cookiesOf(rec)[0], ";")
	ask("GET", "/login/sso/link", linking, "")
	rec = ask("POST", "/login/sso/link", linking, "username=user&password="+url.QueryEscape(password))
	if rec.Header().Get("Location") != "/" {
		t.Fatalf("the link is not made: %d %s", rec.Code, rec.Body)
	}
	cookie, back = f.leave(idp)
	rec = ask("GET", back, cookie, "")
	in := cookiesOf(rec)
	if len(in) == 0 || idp.Calls != 2 {
		t.Fatalf("nobody is in: %d %s, %d calls", rec.Code, rec.Body, idp.Calls)
	}
	for _, set := range in {
		cookie, _, _ := strings.Cut(set, ";")
		ask("GET", "/settings/me", cookie, "")
	}
	if looked < 5 {
		t.Errorf("only %d answers were looked at", looked)
	}
}
