package handlers

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// hostileTargets are the corpus of redirects.
func hostileTargets(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/redirects.txt")
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		target, err := strconv.Unquote(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		targets = append(targets, target)
	}
	if len(targets) < 60 {
		t.Fatalf("the corpus has only %d strings", len(targets))
	}
	return append(targets, "", "/"+strings.Repeat("evil/", 1000), strings.Repeat("/", 300)+"evil.example")
}

// ours is what a Location may be: a path of ours, with a query of ours.
var ours = regexp.MustCompile(`^/([a-z0-9][a-z0-9/-]*)?(\?(done|why)=[a-z_]+|\?next=/[a-z0-9/-]+)?$`)

// staysHome fails the test when an answer leads away, or repeats a hostile string where a browser would follow it.
func staysHome(t testing.TB, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	if rec.Code >= 500 {
		t.Errorf("%s answers %d", what, rec.Code)
	}
	for _, name := range []string{"Location", "HX-Redirect"} {
		if where := rec.Header().Get(name); where != "" && !ours.MatchString(where) {
			t.Errorf("%s leads to %q", what, where)
		}
	}
	for name, values := range rec.Header() {
		if all := strings.ToLower(name + strings.Join(values, " ")); strings.Contains(all, "evil") {
			t.Errorf("%s answers with the header %s: %q", what, name, values)
		}
	}
	if body := strings.ToLower(rec.Body.String()); strings.Contains(body, "evil") || strings.Contains(body, "live.") {
		t.Errorf("%s shows what came with the request", what)
	}
}

// Every page that takes an address to go on to, with every name that one may have, by query and by form.
func TestNoHostileTargetIsFollowedNorShown(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	fields := []string{"next", "back", "why", "rd", "return_to", "redirect_uri", "url"}
	for _, hostile := range hostileTargets(t) {
		values, query := url.Values{"password": {password}, "code": {"000000"}, "language": {"en"}}, url.Values{}
		for _, field := range fields {
			values.Set(field, hostile)
			query.Set(field, hostile)
		}
		for _, route := range f.site.Routes() {
			takes := route.Path == "/" || route.Path == "/logout" || route.Path == "/language" ||
				strings.HasPrefix(route.Path, "/login") || strings.HasPrefix(route.Path, "/settings/confirm") ||
				route.Path == "/operator/login" || route.Path == "/settings"
			if !takes || strings.Contains(route.Path, "*") || route.Method == echo.RouteNotFound {
				continue
			}
			visitor := "user"
			if strings.HasPrefix(route.Path, "/login/") {
				visitor = "pending"
			}
			cookie, _ := f.visit(visitor)
			what := fmt.Sprintf("%s %s with %q", route.Method, route.Path, hostile)
			if route.Method == http.MethodGet {
				staysHome(t, what, f.ask("GET", route.Path+"?"+query.Encode(), cookie, ""))
				continue
			}
			rec := f.ask("POST", route.Path+"?"+query.Encode(), cookie, values.Encode())
			staysHome(t, what, rec)
			if rec.Code == http.StatusTemporaryRedirect || rec.Code == http.StatusPermanentRedirect {
				t.Errorf("%s would be posted on: %d", what, rec.Code)
			}
		}
		f.putBack()
	}
}

func FuzzSafePath(f *testing.F) {
	for _, target := range hostileTargets(f) {
		f.Add(target)
	}
	for _, good := range []string{"/", "/settings/me", "/settings/users/12/reset", "/login/code"} {
		f.Add(good)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := web.SafePath(path, "")
		if got == "" {
			return
		}
		home := &url.URL{Scheme: "https", Host: "login.example", Path: "/"}
		to, err := home.Parse(got)
		if err != nil || to.Host != home.Host || to.Scheme != home.Scheme || to.Path != got || to.RawQuery != "" ||
			to.Fragment != "" || to.User != nil || to.Opaque != "" {
			t.Errorf("%q leads to %v (%v)", path, to, err)
		}
		if strings.ContainsAny(got, "\\%\r\n\t\x00\"'<>:@;. ") || strings.Contains(got, "//") || got != path {
			t.Errorf("%q becomes %q", path, got)
		}
	})
}

// hostileBody is a body that no form of ours sends, with its content type.
type hostileBody struct {
	kind, body string
	refused    bool // as a request, whatever the route: nothing may change
}

const formType = "application/x-www-form-urlencoded"

func hostileBodies() map[string]hostileBody {
	multi := "multipart/form-data; boundary=x"
	return map[string]hostileBody{
		"bad percent-encoding": {formType, "code=%zz&password=%&" + everything, true},
		"a NUL": {formType,
			"code=%00&office=A%00&username=%00&password=%00&number=%00&country=%00&next=%00&method=%00", true},
		"invalid UTF-8": {formType,
			"code=%ff%fe&office=%c0%af&username=%ed%a0%80&password=%ff&number=%ff&country=%ff&method=%ff&" + everything, true},
		"an invalid name": {formType, "%ff%00=1&" + everything, true},
		"100 kB":          {formType, everything + "&x=" + strings.Repeat("x", 100_000), true},
		"JSON": {"application/json",
			`{"code":"123456","password":"x","shown":"yes","number":"+31612345678","role":"superuser"}`, true},
		"JSON called a form":         {formType, `{"code":"123456","password":"x"}`, false},
		"text":                       {"text/plain", everything, true},
		"XML":                        {"application/xml", "<code>123456</code>", true},
		"no content type":            {"", everything, true},
		"a content type of nonsense": {";;;=/", everything, true},
		"multipart without boundary": {"multipart/form-data", everything, true},
		"multipart cut off":          {multi, "--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1234", true},
		"multipart of nothing":       {multi, "nothing", true},
		"a multipart header of 60 kB": {multi, "--x\r\nX: " + strings.Repeat("x", 60_000) + "\r\n\r\n1\r\n--x--\r\n",
			false},
		"arrays": {formType, "code[]=123456&password[]=x&office[0]=ACME&number[a][b]=1&shown[]=yes",
			false},
		"each field twice": {formType,
			"code=000000&code=123456&password=x&password=y&office=A&office=ACME&number=1&number=2&shown=no&shown=no", false},
		"ten thousand fields": {formType, strings.Repeat("a=&", 10_000), false},
		"null, true and numbers": {formType,
			"code=null&password=true&number=NaN&country=0&up_to=1e99&allowed=null&shown=null&language=undefined", false},
		"a very large id": {formType,
			"up_to=99999999999999999999999&number=%2B99999999999999999999999999&country=NLNLNL", false},
		"nothing":                        {formType, "", false},
		"a type without end":             {formType + "; a=" + strings.Repeat("b", 300), "code=1", true},
		"separators of another standard": {formType, "code=1;password=x;number=2", true},
	}
}

// Every act, as the superuser of whom most is believed, with bodies that no form sends: never a 5xx, never a whole
// page without its headers, and nothing changes where the request itself is refused.
func TestNoMalformedBodyIsTakenOrBreaksAnything(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	count := 0
	for _, route := range f.site.Routes() {
		if route.Method != http.MethodPost || strings.HasPrefix(route.Path, "/hooks") ||
			strings.HasPrefix(route.Path, "/operator/jobs") {
			continue
		}
		visitor := "superuser"
		switch {
		case strings.HasPrefix(route.Path, "/login/"):
			visitor = "pending"
		case route.Path == "/operator/login/code":
			visitor = "half-operator"
		case strings.HasPrefix(route.Path, "/operator"):
			visitor = "operator"
		}
		bodies := hostileBodies()
		for _, name := range slices.Sorted(maps.Keys(bodies)) {
			b := bodies[name]
			cookie, own := f.visit(visitor)
			before := f.sum(append([]string{"sessions", "audit_events", "notices", "factor_failures"}, guarded...)...)
			rec := f.ask("POST", f.fill(route.Path, visitor, own), cookie, b.body, "Content-Type", b.kind)
			what := fmt.Sprintf("POST %s with %s", route.Path, name)
			hasHeaders(t, what, rec)
			count++
			if rec.Code >= 500 {
				t.Errorf("%s answers %d", what, rec.Code)
			}
			if b.refused {
				if rec.Code < 400 {
					t.Errorf("%s answers %d", what, rec.Code)
				}
				if f.sum(append([]string{"sessions", "audit_events", "notices", "factor_failures"}, guarded...)...) != before {
					t.Errorf("%s changed something", what)
				}
			}
			if !b.refused {
				f.putBack()
			}
		}
		f.putBack()
	}
	if count < 500 {
		t.Errorf("only %d requests were made", count)
	}
}

// A value counts where the form has it: not in the address, where it would be logged and shared.
func TestAFormsFieldsInTheAddressAreNoFields(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	f.Exec("update offices set two_factor_required = false")
	rec := f.ask("POST", "/login?office=ACME&username=user&password="+url.QueryEscape(password), "", "")
	if rec.Code != http.StatusUnprocessableEntity || cookieOf(t, rec) != "" {
		t.Errorf("a log-in by address answers %d", rec.Code)
	}
	rec = f.ask("POST", "/login?password="+url.QueryEscape(password), "", "office=ACME&username=user&password=wrong")
	if rec.Code != http.StatusUnprocessableEntity || cookieOf(t, rec) != "" {
		t.Errorf("a password of the address before that of the form answers %d", rec.Code)
	}
	if rec = f.ask("POST", "/login", "", form("office", "ACME", "username", "user", "password", password)); cookieOf(t,
		rec) == "" {
		t.Errorf("a log-in by form answers %d", rec.Code)
	}
	cookie, _ := f.visit("superuser")
	f.Exec("update offices set two_factor_required = true")
	if rec := f.ask("POST", "/settings/office/general?shown=no", cookie,
		"shown=yes"); strings.Contains(rec.Body.String(), "<dialog") {
		t.Error("the address decided about the switch")
	}
	if rec := f.ask("POST", "/language?language=nl", cookie, ""); rec.Code < 400 {
		t.Errorf("a language of the address answers %d", rec.Code)
	}
}

// What a form has no field for stays as it is, whoever posts it: role, office, confirmation, the office's setting.
func TestNoFormTakesAFieldThatItDoesNotHave(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	var extra strings.Builder
	for _, name := range []string{"role", "Role", "user[role]", "user.role"} {
		extra.WriteString("&" + url.QueryEscape(name) + "=superuser")
	}
	for pair := range strings.FieldsSeq("office_id=1 OfficeID=1 id=1 user_id=1 user[id]=1 confirmed_at=now " +
		"confirmed=true mobile_verified=true verified=1 level=2 " +
		"two_factor_required=false two_factor=false twofa=false disabled_at= disabled=false password_hash=x " +
		"username=evil registered_by=1 tries=0 in_a_row=0 expires_at=2099-01-01 money_cap=0") {
		extra.WriteString("&" + pair)
	}
	// The acts that change them on purpose: the office's setting, a reset, and the end of a user.
	meant := regexp.MustCompile(`/activate$|/switch-off$|/reset$|/users/:id/(delete|disable|enable)$`)
	privileges := func() string {
		return f.sum("(select id, office_id, username, role, disabled_at, password_hash from users)",
			"(select user_id, confirmed_at from mobile_numbers where confirmed_at is not null)",
			"(select id, two_factor_required, money_cap from offices)",
			"(select user_id, in_a_row from factor_failures where in_a_row = 0)",
			"(select id, user_id, level from sessions where level = 2 and user_id <> 0)")
	}
	count := 0
	for _, route := range f.site.Routes() {
		if route.Method != http.MethodPost || meant.MatchString(route.Path) || strings.HasPrefix(route.Path, "/hooks") {
			continue
		}
		for _, visitor := range []string{"pending", "enrolling", "user", "accountant", "superuser", "half-operator",
			"operator"} {
			f.putBack()
			cookie, own := f.visit(visitor)
			before := privileges()
			rec := f.ask("POST", f.fill(route.Path, visitor, own), cookie, everything+extra.String())
			count++
			if rec.Code >= 500 {
				t.Errorf("%s as %s answers %d", route.Path, visitor, rec.Code)
			}
			if privileges() != before {
				t.Errorf("POST %s as %s changed what it has no field for", route.Path, visitor)
			}
		}
	}
	if count < 200 {
		t.Errorf("only %d forms were posted", count)
	}
}

// onHost is what is answered on an application's host.
var onHost = regexp.MustCompile(` /(\.nightlatch|door)/`)

// hasHeaders fails the test for an answer without what stands on every one.
func hasHeaders(t testing.TB, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	for name, value := range map[string]string{
		"Content-Security-Policy":   "default-src 'none'; script-src 'self'; style-src 'self'",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		"X-Content-Type-Options":    "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if name == "Strict-Transport-Security" && onHost.MatchString(what) {
			value = "" // an application's own host says that for itself
		}
		if got := rec.Header().Get(name); !strings.HasPrefix(got, value) {
			t.Errorf("%s: %d has %s: %q", what, rec.Code, name, got)
		}
	}
	csp := rec.Header().Get("Content-Security-Policy")
	for _, part := range []string{"frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("%s: the policy of %d lacks %s", what, rec.Code, part)
		}
	}
	if strings.Contains(csp, "unsafe-eval") || strings.Contains(csp, "script-src 'self' 'unsafe") {
		t.Errorf("%s: the policy is %q", what, csp)
	}
	if len(rec.Header()["Content-Security-Policy"]) != 1 || rec.Header().Get("Server") != "" ||
		rec.Header().Get("X-Powered-By") != "" {
		t.Errorf("%s: %v", what, rec.Header())
	}
	if rec.Body.Len() > 0 && rec.Header().Get("Content-Type") == "" && rec.Body.String() != queueBody {
		t.Errorf("%s: %d has a body without a type", what, rec.Code)
	}
	cache := rec.Header().Get("Cache-Control")
	immutable := rec.Code == http.StatusOK && strings.Contains(cache, "immutable") && len(rec.Result().Cookies()) == 0
	if cache != "no-store" && !immutable {
		t.Errorf("%s: %d has Cache-Control: %q", what, rec.Code, cache)
	}
	for _, c := range rec.Result().Cookies() {
		if c.Domain != "" || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: the cookie %+v", what, c)
		}
		if strings.HasPrefix(c.Name, "__Host-") != c.Secure {
			t.Errorf("%s: the cookie %s is secure: %v", what, c.Name, c.Secure)
		}
	}
	for _, trace := range []string{"goroutine ", ".go:", "SQLSTATE", "pgx", "runtime error"} {
		if strings.Contains(rec.Body.String(), trace) && !immutable {
			t.Errorf("%s: %d shows %q", what, rec.Code, trace)
		}
	}
}

// hostileMark must not be shown. It is longer than what an identifier made at random could contain by chance.
const hostileMark = "nobodyshouldseethis"

// All statuses and all routes, for all visitors, and methods that no route has.
func TestEveryRouteAndStatusHasTheHeaders(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	f.site.GET("/panics", func(echo.Context) error { panic(hostileMark + " at /srv/x.go:1") })
	f.site.GET("/fails", func(echo.Context) error { return fmt.Errorf("%s at pgx", hostileMark) })
	seen := map[int]bool{}
	for _, route := range f.site.Routes() {
		for _, visitor := range []string{"", "pending", "user", "superuser", "operator"} {
			cookie, own := f.visit(visitor)
			methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}
			if visitor == "" {
				methods = append(methods, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace,
					http.MethodConnect, "PROPFIND", strings.ToUpper(hostileMark), "get")
			}
			for _, method := range methods {
				rec := f.ask(method, f.fill(route.Path, visitor, own), cookie, "")
				seen[rec.Code] = true
				what := fmt.Sprintf("%s %s as %q", method, route.Path, visitor)
				hasHeaders(t, what, rec)
				if method == http.MethodOptions && strings.HasPrefix(route.Path, paths.OperatorJobs) {
					continue // what stands there is River UI's
				}
				if rec.Code >= 500 && route.Path != "/panics" && route.Path != "/fails" {
					t.Errorf("%s answers %d", what, rec.Code)
				}
				if strings.Contains(strings.ToLower(rec.Body.String()), hostileMark) {
					t.Errorf("%s shows the error, or the method", what)
				}
				known := slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, method)
				if method == http.MethodOptions && rec.Code == http.StatusNoContent {
					continue // which methods there are, and no more
				}
				if !known && rec.Code < 400 && rec.Code != http.StatusSeeOther {
					t.Errorf("%s answers %d", what, rec.Code)
				}
			}
		}
		f.putBack()
	}
	for _, path := range []string{"/nowhere", "/settings/nowhere", "/static/", "/static/nowhere.js",
		"/static/../../etc/passwd", "/.git/config", "/debug/pprof/", "/metrics", "//evil.example/..",
		"/%2e%2e/%2e%2e/etc/passwd", "/settings/users/0", "/settings/users/-1", "/settings/users/abc",
		"/settings/users/99999999999999999999", "/settings/users/%00", "/settings/users/1%2f..%2f2"} {
		cookie, _ := f.visit("superuser")
		rec := f.ask("GET", path, cookie, "")
		hasHeaders(t, path, rec)
		if seen[rec.Code] = true; rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, rec.Code)
		}
	}
	// The pages' own files may be kept, and nothing else.
	login := f.ask("GET", "/login", "", "").Body.String()
	file := regexp.MustCompile(`/static/[^"]+\.css`).FindString(login)
	rec := f.ask("GET", file, "", "")
	hasHeaders(t, file, rec)
	if rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s answers %d, %s", file, rec.Code, rec.Header().Get("Cache-Control"))
	}
	for _, want := range []int{200, 303, 400, 403, 404, 405, 422, 500} {
		if !seen[want] {
			t.Errorf("no answer was %d, only %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// What a proxy or a stranger writes into headers decides nothing and is shown nowhere.
func TestNoHeaderOfTheRequestIsBelievedOrShown(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	poison := []string{
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "evil", "X-Forwarded-For", "evil, 203.0.113.99",
		"X-Real-IP", "203.0.113.99", "Forwarded", "for=203.0.113.99;host=evil.example",
		"True-Client-IP", "203.0.113.99", "X-Original-URL", "/operator", "X-Rewrite-URL", "/operator",
		"X-HTTP-Method-Override", "DELETE", "X-Method-Override", "DELETE",
		"Remote-User", "superuser", "X-Remote-User", "superuser", "Remote_User", "superuser", "X-Forwarded-User",
		"superuser", "Authorization", "Basic c3VwZXJ1c2VyOng=",
		"Referer", "https://evil.example/", "User-Agent", "<script>evil</script>", "Accept-Language", "evil\"><script>",
		"HX-Current-URL", "https://evil.example", "HX-Target", "evil", "HX-Prompt", "evil",
	}
	for _, route := range f.site.Routes() {
		if route.Method != http.MethodGet || strings.Contains(route.Path, "*") {
			continue
		}
		for _, visitor := range []string{"", "pending", "user"} {
			cookie, own := f.visit(visitor)
			path := f.fill(route.Path, visitor, own)
			plain := f.ask("GET", path, cookie, "")
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = "evil.example"
			r.Header.Set("Cookie", cookie)
			for i := 0; i < len(poison); i += 2 {
				r.Header.Set(poison[i], poison[i+1])
			}
			rec := httptest.NewRecorder()
			f.site.ServeHTTP(rec, r)
			staysHome(t, route.Path, rec)
			if rec.Code != plain.Code || where(rec) != where(plain) {
				t.Errorf("GET %s as %q answers %d %s, and without the headers %d %s", path, visitor, rec.Code,
					where(rec), plain.Code, where(plain))
			}
		}
		f.putBack()
	}
	// A log-in under those headers is counted and noted under the peer's address.
	r := httptest.NewRequest(http.MethodPost, "/login",
		strings.NewReader(form("office", "ACME", "username", "user", "password", password)))
	r.Header.Set("Content-Type", formType)
	for i := 0; i < len(poison); i += 2 {
		r.Header.Set(poison[i], poison[i+1])
	}
	rec := httptest.NewRecorder()
	f.site.ServeHTTP(rec, r)
	if rec.Code != http.StatusSeeOther ||
		f.ID("select count(*) from audit_events where address like '%203.0.113.99%'") != 0 ||
		f.ID("select count(*) from sessions where address like '192.0.2.%'") != 1 {
		t.Errorf("the log-in answers %d, and a header's address was believed", rec.Code)
	}
}

// What a stranger types comes back, if at all, as text.
func TestWhatWasTypedComesBackAsText(t *testing.T) {
	t.Parallel()
	f := newAccessFixture(t)
	const typed = `"><script>evil</script>{{evil}}`
	for path, visitor := range map[string]string{"/login": "", "/operator/login": "", "/login/number": "enrolling",
		"/settings/me/number": "user", "/login/code": "pending"} {
		cookie, _ := f.visit(visitor)
		rec := f.ask("POST", path, cookie, form("office", typed, "username", typed, "password", typed, "number", typed,
			"code", typed, "country", typed, "next", typed, "last", typed, "sure", typed, "chosen", typed))
		if bytes.Contains(rec.Body.Bytes(), []byte("<script>evil")) || rec.Code >= 500 {
			t.Errorf("%s answers %d with markup of the request", path, rec.Code)
		}
	}
}

// A cookie is 256 random bits or nothing: whatever else comes is no session, and no error.
func FuzzCookie(fuzz *testing.F) {
	f := newFixture(fuzz)
	for _, seed := range []string{"", "x", "null", strings.Repeat("A", 43), strings.Repeat("A", 44), "../../etc",
		"a\x00b", "\xff\xfe", "%00", "' or 1=1 --", strings.Repeat("x", 9000), "AAAA; nightlatch=BBBB", `"quoted"`} {
		fuzz.Add(seed)
	}
	fuzz.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"nightlatch", "__Host-nightlatch", "nightlatch-browser", "nightlatch-language",
			"__Host-nightlatch-browser"} {
			rec := f.ask("GET", "/settings/me", name+"="+value, "")
			if to := where(rec); rec.Code != http.StatusSeeOther || to != "/login" &&
				to != "/login (over)" {
				t.Errorf("%s=%q answers %d %s", name, value, rec.Code, to)
			}
			if rec := f.ask("GET", "/login", name+"="+value, ""); rec.Code != http.StatusOK {
				t.Errorf("the log-in page with %s=%q answers %d", name, value, rec.Code)
			}
		}
	})
}
