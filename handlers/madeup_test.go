package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/locale/localetest"
)

// reader looks at what the site answers in the made-up language.
type reader struct {
	t     *testing.T
	found map[string]string // English, and where it was found first
	pages int
}

// newReader skips the test in a program that does not speak the made-up language.
func newReader(t *testing.T) *reader {
	t.Helper()
	if !locale.Known(localetest.Language) {
		t.Skip("no made-up language: run go test -tags madeup")
	}
	return &reader{t: t, found: map[string]string{}}
}

// usersOwn are words that no catalogue has: names of the product, of offices and users, and codes.
var usersOwn = []string{
	"Nightlatch", "ACME Accountants", "OTHER Accountants", canary, "ACME", "OTHER", "Somebody",
	"user", "accountant", "superuser", "target", "enrolling", "ops", "POST", "vonage", "NL", "EUR", "UTC",
	"Payroll", "payroll", "example",
}

// signingKey is how the history names a key of the provider.
var signingKey = regexp.MustCompile(`^(ES|RS)256( \S+)?$`)

// codes are the elements that hold keys, codes, addresses and usernames.
const codes = "[data-secret], .code, .codes, .secret, .mono"

// read notes the English of an answer.
func (r *reader) read(name string, rec *httptest.ResponseRecorder) {
	r.t.Helper()
	var texts []string
	switch kind := rec.Header().Get("Content-Type"); {
	case strings.HasPrefix(kind, "text/html") && rec.Body.Len() > 0:
		var err error
		if texts, err = localetest.Visible(rec.Body.String(), codes); err != nil {
			r.t.Fatal(err)
		}
	case strings.HasPrefix(kind, "text/csv"):
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(rec.Body.String(), "\uFEFF"))).ReadAll()
		if err != nil {
			r.t.Fatal(err)
		}
		texts = slices.Concat(rows...)
	default:
		return
	}
	r.pages++
	for _, text := range texts {
		if signingKey.MatchString(text) {
			continue
		}
		if words := localetest.English(text, usersOwn...); len(words) > 0 && r.found[text] == "" {
			r.found[text] = fmt.Sprintf("%s (%d): %q", name, rec.Code, words)
		}
	}
}

// judge fails the test for all that was found.
func (r *reader) judge(least int) {
	r.t.Helper()
	for text, where := range r.found {
		r.t.Errorf("%s\n\tin %q", where, text)
	}
	if r.pages < least {
		r.t.Errorf("only %d pages, fragments and files were read", r.pages)
	}
	r.t.Logf("%d pages, fragments and files", r.pages)
}

func TestEveryRouteSpeaksAThirdLanguage(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	f := newAccessFixture(t)
	asked := []string{"Accept-Language", localetest.Language}
	for _, route := range f.site.Routes() {
		if route.Method == echo.RouteNotFound {
			route.Method = http.MethodGet
		}
		if route.Method != http.MethodGet && route.Method != http.MethodPost {
			continue
		}
		posted := everything
		if route.Method == http.MethodGet {
			posted = ""
		}
		// The other visitors of the table see what these do.
		for _, visitor := range []string{"anonymous", "pending", "enrolling", "superuser", "operator"} {
			cookie, own := f.visit(visitor)
			path := f.fill(route.Path, visitor, own)
			name := fmt.Sprintf("%s %s as %s", route.Method, route.Path, visitor)
			rec := f.ask(route.Method, path, cookie, posted, asked...)
			r.read(name, rec)
			if rec.Code == http.StatusOK && posted == "" {
				r.read(name+", a part", f.ask(route.Method, path, cookie, posted, append(asked, "HX-Request-Type", "partial")...))
			}
			if to := rec.Header().Get("Location"); strings.HasPrefix(to, "/") && where(rec) != to {
				r.read(name+", then "+to, f.ask(http.MethodGet, to, cookie+"; nightlatch-told="+toldBy(rec), "", asked...))
			}
			if posted != "" && rec.Code < http.StatusBadRequest {
				f.putBack()
			}
		}
	}
	r.judge(200)
}

func TestForOperatorsThereIsAThirdLanguageToo(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	f := newFixture(t)
	cookie := f.ops()
	f.waitingUser()
	f.Exec(fmt.Sprintf(`insert into costs (office_id, month, provider, country, network, sends, cost)
		values (%d, date_trunc('month', now()), 'vonage', 'NL', '', 1234, 0.5)`, f.users["ACME/user"].OfficeID))
	for _, path := range []string{
		searchUser, "/operator", "/operator?period=hour", "/operator?period=month", "/operator/offices",
		"/operator/history", "/operator/costs.csv",
	} {
		rec := f.ask("GET", path, cookie, "", "Accept-Language", localetest.Language)
		if rec.Code != http.StatusOK {
			t.Errorf("%s answers %d", path, rec.Code)
		}
		r.read(path, rec)
	}
	r.judge(7)
}
