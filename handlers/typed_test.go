package handlers

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

var (
	element   = regexp.MustCompile(`(?s)<(form|input|textarea)\b(?:[^>{]|\{\{.*?\}\})*>`)
	attribute = regexp.MustCompile(`\b(name|type|method)="([a-z0-9_-]+)"`)
)

// fields are the names of what people can type into a form of a template, by the form's method. The kind of a field is
// in the template as well, so that a new one is here as soon as it is written.
func fields(t *testing.T, kinds ...string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	read := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") {
			return err
		}
		text, err := fs.ReadFile(os.DirFS("../templates"), path)
		method := "post" // of fields whose form is another template's
		for _, tag := range element.FindAllStringSubmatch(string(text), -1) {
			has := map[string]string{}
			for _, a := range attribute.FindAllStringSubmatch(tag[0], -1) {
				if _, twice := has[a[1]]; !twice || a[1] != "name" {
					has[a[1]] = a[2]
				}
			}
			if tag[1] == "form" {
				if method = has["method"]; method == "" {
					method = "get"
				}
				continue
			}
			kind := has["type"]
			if kind == "" {
				kind = "text"
			}
			if name := has["name"]; name != "" && slices.Contains(kinds, kind) {
				found[method] = append(found[method], name)
			}
		}
		return err
	}
	if err := fs.WalkDir(os.DirFS("../templates"), ".", read); err != nil {
		t.Fatal(err)
	}
	for method := range found {
		slices.Sort(found[method])
		found[method] = slices.Compact(found[method])
	}
	return found
}

// Whatever looks the same is the same, in every field of every form.
func TestEveryFieldIsReadAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	const plain = `ACME-1 o'brien 06 12 34 56 78`
	e := echo.New()
	e.Use(web.ReadForm)
	e.POST("/", func(c echo.Context) error { return c.String(http.StatusOK, c.FormValue(c.QueryParam("field"))) })
	post := func(field, value string) string {
		r := httptest.NewRequest("POST", "/?field="+field, strings.NewReader(url.Values{field: {value}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	names := fields(t, "text", "email", "tel", "url", "search", "number")["post"]
	for _, must := range []string{"code", "number", "username", "office", "name", "email", "cap", "issuer"} {
		if !slices.Contains(names, must) {
			t.Errorf("the templates are read wrongly: no field %s in %v", must, names)
		}
	}
	for _, name := range names {
		for _, decorated := range typedtest.Decorated(plain) {
			if got := post(name, decorated); got != plain {
				t.Errorf("the field %s takes %q for %q", name, decorated, got)
			}
		}
	}
	// What holds a password is for account to read, byte by byte.
	for _, name := range fields(t, "password")["post"] {
		if got := post(name, " \u00a0é "); got != " \u00a0é " && name != "code" {
			t.Errorf("the password field %s is not left as it came: %q", name, got)
		}
	}
	// A search is read by what it asks: TestASearchIsReadAsPeopleSeeIt; and where a proxy finds
	// what it needs: TestAProxysPlacesAreReadAsPeopleSeeThem.
	for _, name := range fields(t, "text", "search", "email", "tel", "url")["get"] {
		if !slices.Contains([]string{"q", "office", "username", "upstream", "at"}, name) {
			t.Errorf("the search field %s is read by nobody", name)
		}
	}
}

// A number of Réunion behind France's code is offered as what it is, in the field.
func TestANumberThatWasMeantIsInTheField(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true where code = 'ACME'")
	rec := f.ask("POST", "/login/number", f.in("ACME/user"), form("number", "0692 12\u00a034 56", "country", "FR"))
	body := strings.ReplaceAll(rec.Body.String(), "&#43;", "+")
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="+262 692 12 34 56"`) ||
		!strings.Contains(body, `data-country="RE"`) || strings.Contains(body, `name="sure"`) {
		t.Errorf("the answer is %d\n%s", rec.Code, body)
	}
}
