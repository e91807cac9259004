package program

import (
	"bytes"
	"crypto/rand"
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

// Browser goes through the site as a person's does without JavaScript: it keeps cookies, follows redirects and
// presses the buttons of forms. Its cookie jar returns no Secure cookie over plain http, as some browsers do.
type Browser struct {
	T        testing.TB
	At       string // the node it talks to; the cookies are the host's, whatever the port
	Language string
	Client   *http.Client
	Seen     *seen
}

// exchange is one request with its answer.
type exchange struct {
	Method, Path, Query, Location string
	status                        int
	sent, Body                    string
	Cookies                       []*http.Cookie
	Took                          time.Duration
}

// seen is everything that a browser was shown.
type seen struct {
	via http.RoundTripper
	mu  sync.Mutex
	all []exchange
}

func (s *seen) add(e exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

func (s *seen) List() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// RoundTrip makes seen a transport that writes down what passes.
func (s *seen) RoundTrip(r *http.Request) (*http.Response, error) {
	e := exchange{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	if r.Body != nil {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		e.sent, r.Body = string(sent), io.NopCloser(bytes.NewReader(sent))
	}
	began := time.Now()
	res, err := s.via.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	e.Took, e.status, e.Location, e.Body, e.Cookies = time.Since(began), res.StatusCode, res.Header.Get("Location"),
		string(body), res.Cookies()
	res.Body = io.NopCloser(bytes.NewReader(body))
	s.add(e)
	return res, nil
}

// NewBrowser returns a browser without cookies, at a node.
func NewBrowser(t testing.TB, at string) *Browser {
	t.Helper()
	return NewBrowserVia(t, at, http.DefaultTransport)
}

// NewBrowserVia is NewBrowser with another way to the site, such as through a Proxy.
func NewBrowserVia(t testing.TB, at string, via http.RoundTripper) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &seen{via: via}
	return &Browser{
		T: t, At: at, Language: "en", Seen: s, Client: &http.Client{Jar: jar, Transport: s, Timeout: 20 * time.Second},
	}
}

// Page is what the browser shows.
type Page struct {
	*goquery.Document
	b      *Browser
	URL    *url.URL
	Status int
	Body   string
}

// Get asks for a page.
func (b *Browser) Get(path string) *Page {
	b.T.Helper()
	return b.do(http.MethodGet, path, nil)
}

// Fragment asks for a part of a page, as htmx does.
func (b *Browser) Fragment(path string) *Page {
	b.T.Helper()
	p, err := b.Try(http.MethodGet, path, nil, "HX-Request", "true", "HX-Request-Type", "partial")
	if err != nil {
		b.T.Fatal(err)
	}
	return p
}

// Post posts a form.
func (b *Browser) Post(path string, form url.Values) *Page {
	b.T.Helper()
	return b.do(http.MethodPost, path, form)
}

func (b *Browser) do(method, path string, form url.Values) *Page {
	b.T.Helper()
	p, err := b.Try(method, path, form)
	if err != nil {
		b.T.Fatal(err)
	}
	return p
}

// Try makes one request, with headers in pairs, and returns an error where others fail the test. Every form that is
// posted is another one, by a field that nobody reads: the same one sent again would be answered as before.
func (b *Browser) Try(method, path string, form url.Values, headers ...string) (*Page, error) {
	posted := form.Encode()
	if method == http.MethodPost {
		posted = strings.TrimPrefix(posted+"&meant="+rand.Text(), "&")
	}
	r, err := http.NewRequest(method, b.At+path, strings.NewReader(posted))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Language", b.Language)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.Client.Do(r)
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
	return &Page{doc, b, res.Request.URL, res.StatusCode, string(body)}, nil
}

// On fails the test unless the browser has arrived at path.
func (p *Page) On(path string) *Page {
	p.b.T.Helper()
	if p.URL.Path != path || p.Status != http.StatusOK {
		p.b.T.Fatalf("the browser is at %s (%d), not at %s:\n%s", p.URL, p.Status, path, p.Text())
	}
	return p
}

// Says fails the test unless the words stand on the page.
func (p *Page) Says(words string) *Page {
	p.b.T.Helper()
	if !strings.Contains(p.Text(), words) {
		p.b.T.Fatalf("%s (%d) does not say %q:\n%s", p.URL, p.Status, words, p.Text())
	}
	return p
}

// Text is what stands on the page, blanks made one.
func (p *Page) Text() string { return plain(p.Find("body").Text()) }

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// Press presses the button with a label, with fields filled in: the form posts what a browser would post.
func (p *Page) Press(label string, fields ...string) *Page {
	p.b.T.Helper()
	var labels []string
	button := p.Find("button").FilterFunction(func(_ int, s *goquery.Selection) bool {
		labels = append(labels, plain(s.Text()))
		return plain(s.Text()) == label
	}).First()
	form := button.Closest("form")
	if form.Length() == 0 {
		p.b.T.Fatalf("%s (%d) has no button %q in a form, only %q:\n%s", p.URL, p.Status, label, labels, p.Text())
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
			p.b.T.Fatalf("the form of %q on %s has no field %q", label, p.URL, fields[i])
		}
		values.Set(fields[i], fields[i+1])
	}
	return p.b.Post(button.AttrOr("formaction", form.AttrOr("action", p.URL.Path)), values)
}

// LogIn enters office code, username and password.
func (b *Browser) LogIn(office, username, password string) *Page {
	b.T.Helper()
	return b.Get("/login").Press("Log in", "office", office, "username", username, "password", password)
}

// Line is the live line of the code page: the classes and words of its steps.
func (b *Browser) Line() (words, class string, asksAgain bool) {
	b.T.Helper()
	p := b.Fragment("/login/message")
	if p.Status != http.StatusOK {
		b.T.Fatalf("the live line answers %d: %s", p.Status, p.Text())
	}
	_, asksAgain = p.Find("#message-line").Attr("hx-get")
	return p.Text(), p.Find("li").Last().AttrOr("class", ""), asksAgain
}
