package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// measureWeight weighs the first visit of the log-in: the page, and what it asks for.
func measureWeight(b *bench) []result {
	w := b.world(smallName)
	base, err := url.Parse("http://" + w.node.host() + paths.Login)
	if err != nil {
		b.t.Fatal(err)
	}
	page, size := b.weigh(base)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(page))
	if err != nil {
		b.t.Fatal(err)
	}
	elsewhere, seen := 0, map[string]bool{}
	doc.Find("link[href], script[src], img[src], use[href]").Each(func(_ int, s *goquery.Selection) {
		link := s.AttrOr("src", s.AttrOr("href", ""))
		at, err := base.Parse(link)
		if rel := s.AttrOr("rel", ""); err != nil || strings.HasPrefix(link, "#") || rel == "canonical" {
			return
		}
		at.Fragment = ""
		if at.Host != base.Host {
			elsewhere++
			return
		}
		if seen[at.String()] {
			return
		}
		seen[at.String()] = true
		_, more := b.weigh(at)
		size += more
	})
	return []result{{id: "G14", conditions: []condition{
		atMost("log-in", one(float64(size)/1000), 60, " kB"),
		atMost("requests to other hosts", one(float64(elsewhere)), 0, ""),
	}, remark: fmt.Sprintf("%d requests; Lighthouse needs a browser: make bench/pages", 1+len(seen))}}
}

// weigh asks as a browser does, and returns what came and what it weighed on the way: body and headers.
func (b *bench) weigh(at *url.URL) (text []byte, size int) {
	b.t.Helper()
	// What is shown is read from an answer that is not compressed.
	for _, encoding := range []string{"identity", "br, gzip"} {
		r, err := http.NewRequest(http.MethodGet, at.String(), nil) //nolint:noctx // bounded by the client
		if err != nil {
			b.t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", encoding)
		res, err := (&http.Client{Timeout: patience}).Do(r)
		if err != nil {
			b.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			b.t.Fatalf("%s: %d %v", at, res.StatusCode, err)
		}
		if encoding == "identity" {
			text = body
		}
		var headers bytes.Buffer
		_ = res.Header.Write(&headers) // to memory
		size = len(body) + headers.Len()
	}
	return text, size
}
