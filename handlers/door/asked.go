package door

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nightlatch/nightlatch/internal/application"
)

// asked is the request of a visitor, as the proxy in front of the application tells it.
type asked struct {
	method, scheme, host, uri string
	page                      bool // a person looks at the answer
}

// What makes a request one that nobody is let in with. The operator reads it in the log.
var (
	errNotNamed = errors.New("it comes from no proxy that NIGHTLATCH_TRUSTED_PROXIES names")
	errHeaders  = errors.New("X-Forwarded-Method, -Proto, -Host and -Uri must be set by the proxy, each once")
	errMethod   = errors.New("no method that browsers use")
	errScheme   = errors.New("X-Forwarded-Proto is neither http nor https")
	errHost     = errors.New("the host is none")
	errPath     = errors.New("the path has encoded slashes or dots, a backslash, or a character that no browser sends")
)

// The headers in which a proxy tells what it was asked, in the form of net/http.
const (
	forwardedMethod = "X-Forwarded-Method"
	forwardedProto  = "X-Forwarded-Proto"
	forwardedHost   = "X-Forwarded-Host"
	forwardedURI    = "X-Forwarded-Uri"
)

// readAsked reads what the proxy tells. Whatever can be read in two ways is refused: the application may read it in the
// other.
func readAsked(h http.Header) (asked, error) {
	var a asked
	for name, into := range map[string]*string{
		forwardedMethod: &a.method, forwardedProto: &a.scheme, forwardedHost: &a.host, forwardedURI: &a.uri,
	} {
		values := h[name]
		if len(values) != 1 || values[0] == "" {
			return asked{}, errHeaders
		}
		*into = values[0]
	}
	return a, a.check(h)
}

func (a *asked) check(h http.Header) error {
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions}, a.method) {
		return errMethod
	}
	if a.scheme != "http" && a.scheme != "https" {
		return errScheme
	}
	var ok bool
	if a.host, ok = hostOf(a.host, a.scheme); !ok {
		return errHost
	}
	if !plainPath(a.uri) {
		return errPath
	}
	// Browsers say what a request is for. Others say what they take.
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		a.page = mode == "navigate"
	} else {
		a.page = strings.Contains(h.Get("Accept"), "text/html")
	}
	return nil
}

// hostOf returns a Host header in the form of the registry, without the port of its scheme, and whether it is one.
func hostOf(host, scheme string) (string, bool) {
	// What the registry holds is in this form: the check of every request costs no parsing.
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' || r == '/' || r == '@' }) {
		return "", false
	}
	host = strings.ToLower(host)
	port := ":443"
	if scheme == "http" {
		port = ":80"
	}
	return strings.TrimSuffix(host, port), host != ""
}

// plainPath reports whether the path of a request means the same to everybody who reads it. The query is the
// application's.
func plainPath(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	if len(uri) > 8<<10 || !strings.HasPrefix(path, "/") {
		return false
	}
	for i := range len(path) {
		switch c := path[i]; {
		case c <= ' ', c >= 0x7f, c == '\\', c == '#':
			return false
		case c == '%':
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
				return false
			}
			switch strings.ToLower(path[i+1 : i+3]) {
			case "2e", "2f", "5c", "00", "25", "0a", "0d":
				return false
			}
		case c == '.' && path[i-1] == '/':
			if rest := path[i:]; rest == "." || rest == ".." || strings.HasPrefix(rest, "./") ||
				strings.HasPrefix(rest, "../") {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// maxTarget bounds the address that a log-in leads back to: it waits in a cookie meanwhile.
const maxTarget = 2000

// target returns where a visitor is led on a host: the address that they wanted, or its first page when that is none of
// the host's.
func target(to string) string {
	path, _, _ := strings.Cut(to, "?")
	switch parsed, err := url.ParseRequestURI(to); {
	case err != nil, len(to) > maxTarget, !strings.HasPrefix(to, "/"), strings.HasPrefix(to, "//"), parsed.Host != "",
		parsed.Scheme != "", strings.HasPrefix(path, "/.nightlatch/"), !plainPath(to),
		strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '#' }):
		return "/"
	}
	return to
}

// origin returns the origin of a host of an application: https, but on this machine behind a portal that has none.
func (s *Screens) origin(host string) string {
	name := (&url.URL{Host: host}).Hostname()
	if s.Origin.Scheme == "http" && application.Local(name) {
		return "http://" + host
	}
	return "https://" + host
}
