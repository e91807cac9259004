package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

// ServeHTTP serves a file, or 404. There are no validators: an address whose content never changes needs none.
func (ix *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	file, ok := ix.assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	body := file.body
	h := w.Header()
	if file.gzipped() != nil {
		h.Add("Vary", "Accept-Encoding") // on the plain response too, or a cache hands it to everybody
		accepted := r.Header.Get("Accept-Encoding")
		switch {
		case accepts(accepted, "br") && file.brotli() != nil:
			h.Set("Content-Encoding", "br")
			body = file.brotli()
		case accepts(accepted, "gzip"):
			h.Set("Content-Encoding", "gzip")
			body = file.gzipped()
		}
	}
	h.Set("Content-Type", file.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable") // a year: RFC 9111 knows no longer
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the browser went away: nothing to tell anybody
}

// accepts reports whether an Accept-Encoding header names a coding or *, without refusing it by q=0. Brotli is taken by
// its name alone: who says * may be older.
func accepts(header, coding string) bool {
	star := false
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := strings.ReplaceAll(strings.ToLower(params), " ", "")
		refused := strings.HasPrefix(q, "q=0") && strings.Trim(q[len("q=0"):], ".0") == ""
		switch strings.ToLower(strings.TrimSpace(name)) {
		case coding:
			return !refused
		case "*":
			star = !refused && coding == "gzip"
		}
	}
	return star
}

// gzipped and brotlied return nil when they would not make a file smaller. The quality is the best of each: it is done
// once for each file, in some 0.2 s for the largest.
func gzipped(body []byte) []byte {
	return smaller(body, func(out io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(out, gzip.BestCompression)
	})
}

func brotlied(body []byte) []byte {
	return smaller(body, func(out io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(out, brotli.BestCompression), nil
	})
}

func smaller(body []byte, by func(io.Writer) (io.WriteCloser, error)) []byte {
	var out bytes.Buffer
	w, err := by(&out)
	if err != nil {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}
