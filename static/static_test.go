package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
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

func TestABrowserGetsTheSameBytesInTheBestCodingItTakes(t *testing.T) {
	for _, name := range []string{"app.css", "htmx.min.js", "flags/nl.svg"} {
		plain := get(t, Handler(), http.MethodGet, URL(name), "")
		if plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: the plain answer says it is encoded", name)
		}
		want, least := body(t, plain), int(plain.ContentLength)
		for _, coding := range []struct {
			takes, gets string
			unpack      func(io.Reader) (io.Reader, error)
		}{
			{"deflate, gzip;q=0.8", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
			{"gzip, br", "br", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
		} {
			packed := get(t, Handler(), http.MethodGet, URL(name), coding.takes)
			if got := packed.Header.Get("Content-Encoding"); got != coding.gets {
				t.Fatalf("%s: Content-Encoding %q", name, got)
			}
			for _, response := range []*http.Response{plain, packed} {
				if got := response.Header.Get("Vary"); got != "Accept-Encoding" {
					t.Errorf("%s: Vary %q", name, got)
				}
			}
			reader, err := coding.unpack(packed.Body)
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(unpacked, want) {
				t.Errorf("%s: %s makes another file of it", name, coding.gets)
			}
			size, err := strconv.Atoi(packed.Header.Get("Content-Length"))
			if err != nil || least > 0 && size >= least {
				t.Errorf("%s: %s takes %d bytes, not less than %d", name, coding.gets, size, least)
			}
			least = size
		}
	}
}

func TestAcceptEncodingIsReadWithItsRefusals(t *testing.T) {
	for header, want := range map[string]struct{ gzip, br bool }{
		"":                    {},
		"gzip":                {gzip: true},
		"GZIP":                {gzip: true},
		"deflate, gzip;q=1.0": {gzip: true},
		"gzip;q=0":            {},
		"gzip; q=0.000":       {},
		"gzip;q=0.001":        {gzip: true},
		"*":                   {gzip: true},
		"*;q=0":               {},
		"gzip;q=0, *":         {},
		"br":                  {br: true},
		"br;q=0, gzip":        {gzip: true},
		"gzip, deflate, br":   {true, true},
		"x-gzip-not":          {},
	} {
		if got := accepts(header, "gzip"); got != want.gzip {
			t.Errorf("%q: gzip %v", header, got)
		}
		if got := accepts(header, "br"); got != want.br {
			t.Errorf("%q: br %v", header, got)
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
		total += len(body(t, get(t, Handler(), http.MethodGet, URL(name), "br")))
	}
	if total > 50_000 {
		t.Errorf("%d bytes", total)
	}
	t.Logf("%d bytes compressed", total)
}

// A strict Content-Security-Policy forbids both in pages; scripts must not bring them in either.
func TestOurScriptsNeitherEvaluateNorStyle(t *testing.T) {
	for _, name := range []string{"app.js", "countries.js", "code.js", "password.js", "passkey.js"} {
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
