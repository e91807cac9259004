package handlers

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

var (
	summary     = regexp.MustCompile(`(?s)<div class="notice error" id="problems" tabindex="-1" autofocus>.*?</ul>`)
	summaryLink = regexp.MustCompile(`<a href="#([^"]+)">`)
	fieldError  = regexp.MustCompile(`<p class="error" id="([^"]+)">(.*?)</p>`)
	again       = regexp.MustCompile(`^<!doctype html>\s*<html [^>]*data-again="([^"]+)"`)
	invalid     = regexp.MustCompile(`<(?:input|select|fieldset)\b[^>]*aria-invalid="true"[^>]*>`)
)

// wrongs are forms of which every field of the site is wrong, or some are.
var wrongs = []string{
	"", everything,
	everything + "&username=%3Cb%3E&name=&email=x%40&role=king&again=y&present=y&cap=x&allowed=yes&country=XX",
	"code=12345&password=x&number=1&country=NL&method=none&sure=yes&cap=-1&issuer=x&policy=x&name=x&username=x",
}

// Every form that comes back with something wrong says all of it first, where the focus is, with links to the fields,
// says so in its title, and ties what is said beside a field to the field. Back leads to the
// same page, and sends nothing.
func TestEveryRefusedFormSaysWhatIsWrongFirst(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	f := newAccessFixture(t)
	refused := map[string]bool{}
	for _, row := range rows {
		if row.Method != http.MethodPost || row.Twice == "reads" {
			continue
		}
		visitor := f.letIn(row)
		for _, other := range []string{"anonymous", "enrolling", "pending", "half-operator"} {
			if visitor == "" && row.Outcome[other] == "ok" {
				visitor = other
			}
		}
		if visitor == "" {
			continue
		}
		for i, form := range wrongs {
			f.putBack()
			cookie, own := f.visit(visitor)
			path := f.fill(row.Path, visitor, own)
			rec := f.ask(http.MethodPost, path, cookie, form)
			if row.Path == paths.UsersImport {
				rec = f.upload(path, cookie, "what,ever\n1,2")
			}
			body := rec.Body.String()
			if !strings.HasPrefix(body, "<!doctype html>") || rec.Code != http.StatusUnprocessableEntity &&
				rec.Code != http.StatusTooManyRequests {
				continue
			}
			refused[row.Path] = true
			for _, wrong := range badly(body) {
				t.Errorf("POST %s, form %d, as %s: %s", row.Path, i, visitor, wrong)
			}
			if page := again.FindStringSubmatch(body); page == nil {
				t.Errorf("POST %s, form %d: Back asks whether to send it again", row.Path, i)
			} else if rec := f.ask(http.MethodGet, html.UnescapeString(page[1]), cookie, ""); rec.Code >= 400 {
				t.Errorf("POST %s, form %d: Back leads to %s: %d", row.Path, i, page[1], rec.Code)
			}
		}
	}
	if len(refused) < 15 {
		t.Errorf("only %d forms were refused: %v", len(refused), refused)
	}
}

// badly is what a page with problems lacks.
func badly(body string) (wrong []string) {
	found := summary.FindString(body)
	if found == "" {
		return []string{"no summary has the focus"}
	}
	if !strings.Contains(body, "<title>Error: ") {
		wrong = append(wrong, "the title does not say so")
	}
	_, main, _ := strings.Cut(body, "<main")
	if before, _, _ := strings.Cut(main, " autofocus"); !strings.HasSuffix(before, ` id="problems" tabindex="-1"`) {
		wrong = append(wrong, "something else has the focus first")
	}
	for _, link := range summaryLink.FindAllStringSubmatch(found, -1) {
		if !strings.Contains(body, fmt.Sprintf(` id="%s"`, link[1])) {
			wrong = append(wrong, "no field is #"+link[1])
		}
	}
	for _, said := range fieldError.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(html.UnescapeString(found), html.UnescapeString(said[2])) {
			wrong = append(wrong, "the summary lacks: "+said[2])
		}
		if !regexp.MustCompile(`aria-describedby="(?:[^"]* )?` + said[1] + `[ "]`).MatchString(body) {
			wrong = append(wrong, "no field is described by "+said[1])
		}
	}
	for _, field := range invalid.FindAllString(body, -1) {
		if !regexp.MustCompile(`aria-describedby="[^"]*-error`).MatchString(field) {
			wrong = append(wrong, "a wrong field does not say why: "+field)
		}
	}
	return wrong
}
