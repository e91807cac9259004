package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

var cancelLink = regexp.MustCompile(`<a class="button secondary wide" href="([^"]+)" autofocus>`)

// A question on a whole page stands on what may not be saved (a draft, a cap as typed), and without JavaScript Cancel
// would leave that there: it leads to the page as it is saved.
func TestCancelOfAQuestionOnAWholePageShowsWhatIsSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	superuser, ops := f.in("ACME/superuser"), f.ops()
	office := f.users["ACME/user"].OfficeID
	f.Exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, this_month(), 'a', "+
		"'NL', '', 1, 10)", office)
	officeCap := fmt.Sprintf("/operator/offices/%d", office)
	client := paths.To(paths.OperatorApplication, f.register("Payroll", nil).app)
	asked := map[string]*httptest.ResponseRecorder{
		"POST " + client + "/remove":    f.ask("POST", client+"/remove", ops, ""),
		"POST " + client + "/secret":    f.ask("POST", client+"/secret", ops, ""),
		"POST /settings/office/general": f.ask("POST", "/settings/office/general", superuser, "shown=yes"),
		"POST /operator/cap":            f.ask("POST", "/operator/cap", ops, "cap=0.01"),
		"POST " + officeCap:             f.ask("POST", officeCap, ops, "cap=0.01"),
	}
	id := strings.NewReplacer(":id", fmt.Sprint(f.users["ACME/user"].ID))
	for _, route := range f.routes(t, 60) {
		if route.Method == http.MethodGet && strings.HasPrefix(route.Path, "/settings") {
			asked[route.Path] = f.ask("GET", id.Replace(route.Path), superuser, "")
		}
	}
	questions := 0
	for path, rec := range asked {
		page := rec.Body.String()
		if !strings.Contains(page, "<dialog") {
			if strings.HasPrefix(path, "POST") {
				t.Errorf("%s asks nothing", path)
			}
			continue
		}
		questions++
		link := cancelLink.FindStringSubmatch(page)
		if link == nil || strings.Contains(page, `method="dialog"`) {
			t.Errorf("%s: Cancel closes the question, and leaves the page as it is", path)
			continue
		}
		cookie := superuser
		if strings.HasPrefix(link[1], "/operator") {
			cookie = ops
		}
		saved := f.ask("GET", link[1], cookie, "")
		if body := saved.Body.String(); saved.Code != 200 || strings.Contains(body, "<dialog") ||
			strings.Contains(body, `id="two-factor-switch" role="switch" aria-checked="true"`) ||
			strings.Contains(body, `value="0.01"`) {
			t.Errorf("%s: Cancel leads to %s, which answers %d and does not show what is saved", path, link[1], saved.Code)
		}
	}
	if questions < 9 {
		t.Errorf("%d questions were asked", questions)
	}
}

// What app.js closes has a way without it, and what is told is told by the layout alone.
func TestWhatIsToldCanBeClosedWithoutJavaScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cookie := f.in("ACME/superuser")
	for _, page := range []string{"/settings/me", "/settings/users", "/settings/office/general"} {
		body := f.ask("GET", page, cookie+"; nightlatch-told=saved", "").Body.String()
		body = body[strings.Index(body, `id="toasts"`):strings.Index(body, `id="announce"`)]
		if strings.Count(body, "data-close") != 1 || !strings.Contains(body, `id="told"`) ||
			!strings.Contains(body, `<noscript><a href="#told" aria-label="Dismiss">`) {
			t.Errorf("%s tells %s", page, body)
		}
	}
}
