package web

import (
	"compress/gzip"
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// compressedFrom is how many bytes a page has at least that is compressed: the number page's list of countries makes
// 76 kB of it, most pages have under ten.
const compressedFrom = 16 << 10

// jitter is how many bytes at most the length of a compressed page is disguised by.
const jitter = 32

// Compress compresses large pages for browsers that take gzip. Only what no stranger's words stand in: how long a page
// is, compressed, tells whether it has the same words twice, and whoever can lead a browser to an address with words
// of theirs, and sees its answers' lengths, could guess what else is in them (BREACH, https://breachattack.com). So
// neither an answer to a form is compressed, nor to an address with a query; and the length is disguised.
func Compress(site http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(compressedFrom), gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.ContentTypes([]string{"text/html"}), gzhttp.EnableZstd(false), gzhttp.RandomJitter(jitter, 0, false))
	if err != nil {
		return nil, fmt.Errorf("compress pages: %w", err)
	}
	compressed := wrap(site)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.RawQuery != "" || paths.IsCheck(r.URL.Path) {
			site.ServeHTTP(w, r)
			return
		}
		compressed.ServeHTTP(w, r)
	}), nil
}
