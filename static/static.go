// Package static holds the files a browser fetches beside the pages: the style sheet, the two scripts, the icons, the
// flags.
//
// The rule it protects: an address never changes its content. Every file is served under a name that carries a hash of
// its bytes ("app.css" as /static/app.3f2a9c01.css), so it may be cached for ever and a new release is seen at once.
// Templates get addresses from URL and Flag; Handler serves them. The files are embedded and live in files/; those
// we did not write are copied there by vendor/vendor.sh.
//
// Flags are one small file each (300 to 900 bytes) and not a sprite. A page with a number field needs a single flag,
// and its list shows about ten at a time: <img loading="lazy"> in a list that is hidden until it is opened fetches only
// what is seen, once, where a sprite would cost 36 kB before the first flag appears (and the flags' masks all carry the
// same id, "a").
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is the path under which Handler expects its requests.
const Prefix = "/static/"

//go:embed files
var embedded embed.FS

// site is built on first use rather than at start: hashing 280 files takes a few milliseconds, and commands that serve
// nothing need none of them. The files are part of the program, so it cannot go wrong at run time only.
var site = sync.OnceValue(func() *index {
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // the name is valid: see the embed line
	}
	built, err := build(files)
	if err != nil {
		panic(fmt.Errorf("static: %w", err))
	}
	return built
})

// URL returns the address of a file, by its name in files/: URL("app.css") is "/static/app.3f2a9c01.css".
// It panics when there is no such file: names are written in templates, so the first test that renders the page finds
// it.
func URL(name string) string {
	url, ok := site().urls[name]
	if !ok {
		panic("static: no file " + strconv.Quote(name))
	}
	return url
}

// Flag returns the address of a country's flag, by ISO code in either case. Without a country, and for one without a
// flag, it is that of the neutral globe.
func Flag(iso string) string {
	if url, ok := site().urls["flags/"+strings.ToLower(iso)+".svg"]; ok {
		return url
	}
	return URL("flags/globe.svg")
}

// Handler serves the files under their hashed names, in Brotli or gzip to browsers that take it. Everything else is
// 404, the plain names and folders included; only GET and HEAD are allowed.
func Handler() http.Handler { return site() }

// Plain serves a file under an address that says nothing of its content, such as /favicon.ico, and says nothing of how
// long it may be kept. It panics when there is no such file.
func Plain(name string) http.Handler {
	file := site().assets[URL(name)]
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", file.contentType)
		_, _ = w.Write(file.body) // the browser went away: nothing to tell anybody
	})
}

// index is what is served, by address, and where to find each file, by name.
type index struct {
	urls   map[string]string
	assets map[string]*asset
}

// asset is one file, whole and compressed.
type asset struct {
	contentType string
	body        []byte
	// Computed on first use and kept; nil when compression does not pay.
	gzipped, brotli func() []byte
}

// build hashes every file. The style sheet comes last: its url(...) references are rewritten to hashed names,
// and its own hash has to cover that.
func build(files fs.FS) (*index, error) {
	ix := &index{urls: map[string]string{}, assets: map[string]*asset{}}
	var sheets []string
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if path.Ext(name) == ".css" {
			sheets = append(sheets, name)
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return ix.add(name, body)
	})
	if err != nil {
		return nil, err
	}
	for _, name := range sheets {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		body, err = ix.rewrite(name, body)
		if err != nil {
			return nil, err
		}
		if err := ix.add(name, body); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

func (ix *index) add(name string, body []byte) error {
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		return fmt.Errorf("%s: no content type for this kind of file", name)
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	url := Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	ix.urls[name] = url
	ix.assets[url] = &asset{
		contentType, body,
		sync.OnceValue(func() []byte { return gzipped(body) }), sync.OnceValue(func() []byte { return brotlied(body) }),
	}
	return nil
}

// contentTypes is our own table: the standard library's depends on the machine's mime.types.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".png": "image/png",
	".svg": "image/svg+xml",
}

// rewrite replaces url(name), relative to files/, by the hashed address. Fragments ("#…") and data: addresses stay.
func (ix *index) rewrite(sheet string, css []byte) ([]byte, error) {
	var out bytes.Buffer
	for {
		before, rest, found := bytes.Cut(css, []byte("url("))
		out.Write(before)
		if !found {
			return out.Bytes(), nil
		}
		inside, after, closed := bytes.Cut(rest, []byte(")"))
		if !closed {
			return nil, fmt.Errorf("%s: url( without an end", sheet)
		}
		name := strings.Trim(string(inside), `"' `)
		if !strings.HasPrefix(name, "#") && !strings.HasPrefix(name, "data:") {
			hashed, ok := ix.urls[name]
			if !ok {
				return nil, fmt.Errorf("%s: url(%s) is no file of ours", sheet, name)
			}
			name = hashed
		}
		fmt.Fprintf(&out, "url(%q)", name)
		css = after
	}
}
