package handlers

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/static"
)

// Large pages are light on the line, and read as they would; nothing that holds words of a stranger is compressed.
func TestLargePagesAreCompressedWhereNoStrangersWordsStand(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	site, err := web.Compress(f.site)
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("update offices set two_factor_required = true")
	cookie := f.in("ACME/user")
	ask := func(method, path, form string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(form))
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Accept-Encoding", "gzip, br")
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		rec := httptest.NewRecorder()
		web.HeadAsGet(site).ServeHTTP(rec, r)
		return rec
	}
	plain := f.ask(http.MethodGet, "/login/number", cookie, "").Body.String()
	light := ask(http.MethodGet, "/login/number", "")
	size := light.Body.Len()
	header := light.Header()
	if header.Get("Content-Encoding") != "gzip" || !strings.Contains(header.Get("Vary"), "Accept-Encoding") {
		t.Fatalf("the number page comes with %v", header)
	}
	reader, err := gzip.NewReader(light.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(reader); err != nil || string(unpacked) != plain {
		t.Errorf("it is another page: %v", err)
	}
	t.Logf("%d bytes are %d", len(plain), size)
	if size > len(plain)/4 {
		t.Errorf("%d bytes are %d", len(plain), size)
	}
	for _, not := range []struct{ method, path, form string }{
		{http.MethodGet, "/login/number?next=/settings/me", ""}, {http.MethodPost, "/login/number", "number=guess"},
		{http.MethodGet, "/login/method", ""}, {http.MethodGet, static.URL("flags/nl.svg"), ""},
	} {
		rec := ask(not.method, not.path, not.form)
		if got := rec.Header().Get("Content-Encoding"); got == "gzip" || rec.Code >= 500 {
			t.Errorf("%s %s: %d %s", not.method, not.path, rec.Code, got)
		}
	}
	if rec := ask(http.MethodHead, "/login/number", ""); rec.Code != http.StatusOK {
		t.Errorf("HEAD: %d", rec.Code)
	}
}
