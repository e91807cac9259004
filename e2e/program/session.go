package program

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Like is another browser with the same cookies, at a node.
func (b *Browser) Like(at string) *Browser {
	b.T.Helper()
	other := NewBrowser(b.T, at)
	other.Client.Jar.SetCookies(MustURL(b.T, at), b.Client.Jar.Cookies(MustURL(b.T, b.At)))
	return other
}

// Token is the browser's session.
func (b *Browser) Token() string {
	found := ""
	for _, c := range b.Client.Jar.Cookies(MustURL(b.T, b.At)) {
		if c.Name == "__Host-nightlatch" || c.Name == "nightlatch" && found == "" {
			found = c.Value
		}
	}
	return found
}

// Bare asks without following redirects, and returns the status and where it leads.
func (b *Browser) Bare(method, path string, form url.Values, headers ...string) (int, string) {
	b.T.Helper()
	follow := b.Client.CheckRedirect
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.Client.CheckRedirect = follow }()
	p, err := b.Try(method, path, form, headers...)
	if err != nil {
		b.T.Fatal(err)
	}
	all := b.Seen.List()
	return p.Status, all[len(all)-1].Location
}

// BareBody posts a body as it is.
func (b *Browser) BareBody(path, body string) (int, string) {
	b.T.Helper()
	r, err := http.NewRequest(http.MethodPost, b.At+path, strings.NewReader(body))
	if err != nil {
		b.T.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := *b.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		b.T.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

// MustURL is url.Parse for addresses that are right.
func MustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
