package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// browser goes through the site as a person's does without JavaScript: it keeps cookies, follows redirects and
// presses the buttons of forms. Its cookie jar returns no Secure cookie over plain http, as some browsers do.
type browser struct {
	t        testing.TB
	at       string // the node it talks to; the cookies are the host's, whatever the port
	language string
	client   *http.Client
	seen     *seen
}

// exchange is one request with its answer.
type exchange struct {
	method, path, query, location string
	status                        int
	sent, body                    string
	cookies                       []*http.Cookie
	took                          time.Duration
}

// seen is everything that a browser was shown.
type seen struct {
	mu  sync.Mutex
	all []exchange
}

func (s *seen) add(e exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

func (s *seen) list() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// RoundTrip makes seen a transport that writes down what passes.
func (s *seen) RoundTrip(r *http.Request) (*http.Response, error) {
	e := exchange{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery}
	if r.Body != nil {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		e.sent, r.Body = string(sent), io.NopCloser(bytes.NewReader(sent))
	}
	began := time.Now()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	e.took, e.status, e.location, e.body, e.cookies = time.Since(began), res.StatusCode, res.Header.Get("Location"), string(body), res.Cookies()
	res.Body = io.NopCloser(bytes.NewReader(body))
	s.add(e)
	return res, nil
}

func newBrowser(t testing.TB, at string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &seen{}
	return &browser{t: t, at: at, language: "en", seen: s, client: &http.Client{Jar: jar, Transport: s, Timeout: 20 * time.Second}}
}

// page is what the browser shows.
type page struct {
	*goquery.Document
	b      *browser
	url    *url.URL
	status int
	body   string
}

func (b *browser) get(path string) *page {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil)
}

// fragment asks for a part of a page, as htmx does.
func (b *browser) fragment(path string) *page {
	b.t.Helper()
	p, err := b.try(http.MethodGet, path, nil, "HX-Request", "true", "HX-Request-Type", "partial")
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *browser) post(path string, form url.Values) *page {
	b.t.Helper()
	return b.do(http.MethodPost, path, form)
}

func (b *browser) do(method, path string, form url.Values) *page {
	b.t.Helper()
	p, err := b.try(method, path, form)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *browser) try(method, path string, form url.Values, headers ...string) (*page, error) {
	r, err := http.NewRequest(method, b.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Language", b.language)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return &page{doc, b, res.Request.URL, res.StatusCode, string(body)}, nil
}

// on fails the test unless the browser has arrived at path.
func (p *page) on(path string) *page {
	p.b.t.Helper()
	if p.url.Path != path || p.status != http.StatusOK {
		p.b.t.Fatalf("the browser is at %s (%d), not at %s:\n%s", p.url, p.status, path, p.text())
	}
	return p
}

// says fails the test unless the words stand on the page.
func (p *page) says(words string) *page {
	p.b.t.Helper()
	if !strings.Contains(p.text(), words) {
		p.b.t.Fatalf("%s (%d) does not say %q:\n%s", p.url, p.status, words, p.text())
	}
	return p
}

// text is what stands on the page, blanks made one.
func (p *page) text() string { return plain(p.Find("body").Text()) }

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// press presses the button with a label, with fields filled in: the form posts what a browser would post.
func (p *page) press(label string, fields ...string) *page {
	p.b.t.Helper()
	var labels []string
	button := p.Find("button").FilterFunction(func(_ int, s *goquery.Selection) bool {
		labels = append(labels, plain(s.Text()))
		return plain(s.Text()) == label
	}).First()
	form := button.Closest("form")
	if form.Length() == 0 {
		p.b.t.Fatalf("%s (%d) has no button %q in a form, only %q:\n%s", p.url, p.status, label, labels, p.text())
	}
	values := url.Values{}
	form.Find("input").Each(func(_ int, s *goquery.Selection) {
		name, kind := s.AttrOr("name", ""), s.AttrOr("type", "text")
		_, checked := s.Attr("checked")
		if name == "" || (kind == "radio" || kind == "checkbox") && !checked {
			return
		}
		values.Add(name, s.AttrOr("value", ""))
	})
	if name := button.AttrOr("name", ""); name != "" {
		values.Add(name, button.AttrOr("value", ""))
	}
	for i := 0; i < len(fields); i += 2 {
		if form.Find("[name='"+fields[i]+"']").Length() == 0 {
			p.b.t.Fatalf("the form of %q on %s has no field %q", label, p.url, fields[i])
		}
		values.Set(fields[i], fields[i+1])
	}
	return p.b.post(button.AttrOr("formaction", form.AttrOr("action", p.url.Path)), values)
}

// logIn enters office code, username and password.
func (b *browser) logIn(office, username, password string) *page {
	b.t.Helper()
	return b.get("/login").press("Log in", "office", office, "username", username, "password", password)
}

// line is the live line of the code page: the classes and words of its steps.
func (b *browser) line() (words, class string, asksAgain bool) {
	b.t.Helper()
	p := b.fragment("/login/message")
	if p.status != http.StatusOK {
		b.t.Fatalf("the live line answers %d: %s", p.status, p.text())
	}
	_, asksAgain = p.Find("ol").Attr("hx-get")
	return p.text(), p.Find("li").Last().AttrOr("class", ""), asksAgain
}
