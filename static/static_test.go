package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, handler http.Handler, method, url, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, url, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, response *http.Response) []byte {
	t.Helper()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryFileIsServedUnderItsHashedNameForEver(t *testing.T) {
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		t.Fatal(err)
	}
	hashed := regexp.MustCompile(`^/static/[a-z0-9./-]+\.[0-9a-f]{8}\.(css|js|png|svg)$`)
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		url := URL(name)
		if !hashed.MatchString(url) {
			t.Errorf("%s has the address %s", name, url)
		}
		response := get(t, Handler(), http.MethodGet, url, "")
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", url, response.StatusCode)
		}
		if got := response.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", url, got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheContentTypeFollowsTheKindOfFile(t *testing.T) {
	for name, want := range map[string]string{
		"app.css":     "text/css; charset=utf-8",
		"htmx.min.js": "text/javascript; charset=utf-8",
		"icons.svg":   "image/svg+xml",

		"apple-touch-icon.png": "image/png",
	} {
		if got := get(t, Handler(), http.MethodGet, URL(name), "").Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestABrowserThatTakesGzipGetsTheSameBytesCompressed(t *testing.T) {
	plain := get(t, Handler(), http.MethodGet, URL("app.css"), "")
	if plain.Header.Get("Content-Encoding") != "" {
		t.Error("the plain answer says it is encoded")
	}
	small := get(t, Handler(), http.MethodGet, URL("app.css"), "br, gzip;q=0.8")
	if got := small.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding %q", got)
	}
	for _, response := range []*http.Response{plain, small} {
		if got := response.Header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Vary %q", got)
		}
	}
	reader, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unpacked, body(t, plain)) {
		t.Error("the compressed file is another one")
	}
}

func TestAcceptEncodingIsReadWithItsRefusals(t *testing.T) {
	for header, want := range map[string]bool{
		"":                    false,
		"gzip":                true,
		"GZIP":                true,
		"deflate, gzip;q=1.0": true,
		"gzip;q=0":            false,
		"gzip; q=0.000":       false,
		"gzip;q=0.001":        true,
		"*":                   true,
		"*;q=0":               false,
		"gzip;q=0, *":         false,
		"br":                  false,
		"x-gzip-not":          false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestOtherAddressesAreNotFound(t *testing.T) {
	for _, url := range []string{
		"/static/", "/static/app.css", "/static/app.00000000.css", "/static/flags/", "/static/files/app.css",
		"/static/../static.go", "/", URL("app.css") + "/",
	} {
		if got := get(t, Handler(), http.MethodGet, url, "").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s: status %d", url, got)
		}
	}
}

func TestOnlyGetAndHeadAreAllowed(t *testing.T) {
	head := get(t, Handler(), http.MethodHead, URL("app.css"), "")
	if head.StatusCode != http.StatusOK || head.ContentLength <= 0 || len(body(t, head)) != 0 {
		t.Errorf("HEAD: status %d, length %d", head.StatusCode, head.ContentLength)
	}
	post := get(t, Handler(), http.MethodPost, URL("app.css"), "")
	if post.StatusCode != http.StatusMethodNotAllowed || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", post.StatusCode, post.Header.Get("Allow"))
	}
}

func TestAFlagIsFoundByCodeAndTheGlobeStandsForNone(t *testing.T) {
	globe := URL("flags/globe.svg")
	for iso, want := range map[string]string{
		"NL": URL("flags/nl.svg"), "nl": URL("flags/nl.svg"), "XK": URL("flags/xk.svg"), "AC": URL("flags/ac.svg"),
		"TA": URL("flags/ta.svg"), "": globe, "ZZ": globe, "../app": globe,
	} {
		if got := Flag(iso); got != want {
			t.Errorf("%q: %s, want %s", iso, got, want)
		}
	}
}

func TestAStyleSheetPointsAtHashedNames(t *testing.T) {
	files := fstest.MapFS{
		"a.css":   {Data: []byte(`x{background:url("dot.svg")}y{mask:url(#m)}z{mask:url('data:,x')}`)},
		"dot.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
	}
	first, err := build(files)
	if err != nil {
		t.Fatal(err)
	}
	css := string(body(t, get(t, first, http.MethodGet, first.urls["a.css"], "")))
	if want := `x{background:url("` + first.urls["dot.svg"] + `")}y{mask:url("#m")}z{mask:url("data:,x")}`; css != want {
		t.Errorf("got %s\nwant %s", css, want)
	}
	files["dot.svg"] = &fstest.MapFile{Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" id="b"/>`)}
	second, err := build(files)
	if err != nil {
		t.Fatal(err)
	}
	if first.urls["a.css"] == second.urls["a.css"] {
		t.Error("the image changed and the style sheet kept its name")
	}
}

func TestFilesThatCannotBeServedStopTheProgram(t *testing.T) {
	for problem, files := range map[string]fstest.MapFS{
		"no content type": {"a.exe": {}},
		"no file of ours": {"a.css": {Data: []byte("x{background:url(gone.svg)}")}},
		"without an end":  {"a.css": {Data: []byte("x{background:url(")}},
	} {
		if _, err := build(files); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("want %q, got %v", problem, err)
		}
	}
}

func TestAnUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("URL of a file that is not there returned")
		}
	}()
	URL("gone.css")
}

// The first visit of the log-in page may weigh 60 kB compressed, the page included (docs: page weight).
func TestTheLogInPagesFilesStayLight(t *testing.T) {
	total := 0
	for _, name := range []string{"app.css", "app.js", "password.js", "htmx.min.js", "icons.svg", "favicon.svg"} {
		total += len(body(t, get(t, Handler(), http.MethodGet, URL(name), "gzip")))
	}
	if total > 50_000 {
		t.Errorf("%d bytes", total)
	}
	t.Logf("%d bytes compressed", total)
}

// A strict Content-Security-Policy forbids both in pages; scripts must not bring them in either.
func TestOurScriptsNeitherEvaluateNorStyle(t *testing.T) {
	for _, name := range []string{"app.js", "countries.js", "code.js", "password.js"} {
		script := string(body(t, get(t, Handler(), http.MethodGet, URL(name), "")))
		for _, forbidden := range []string{
			"eval(", "new Function", "innerHTML", ".style", "localStorage", "sessionStorage",
		} {
			if strings.Contains(script, forbidden) {
				t.Errorf("%s contains %s", name, forbidden)
			}
		}
		if lines := strings.Count(script, "\n"); lines >= 100 {
			t.Errorf("%s has %d lines", name, lines)
		}
	}
}
