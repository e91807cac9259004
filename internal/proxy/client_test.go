package proxy

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// private names one network.
var private = Trusted{netip.MustParsePrefix("10.0.0.0/8")}

func TestOnlyNamedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies           Trusted
		remote, forwarded string
		want              string
		found             Finding
	}{
		"nobody is believed":           {nil, "192.0.2.1:1", "203.0.113.9", "192.0.2.1", ""},
		"not even this machine":        {nil, "127.0.0.1:1", "203.0.113.9", "127.0.0.1", Unnamed},
		"nor a neighbour":              {private, "192.168.1.4:1", "203.0.113.9", "192.168.1.4", Unnamed},
		"nor one of IPv6":              {nil, "[fd00::1]:1", "203.0.113.9", "fd00::1", Unnamed},
		"nobody in between":            {nil, "127.0.0.1:1", "", "127.0.0.1", ""},
		"a named proxy":                {private, "10.1.2.3:1", "203.0.113.9", "203.0.113.9", ""},
		"the same, mapped":             {private, "[::ffff:10.1.2.3]:1", "203.0.113.9", "203.0.113.9", ""},
		"a visitor of IPv6":            {private, "10.1.2.3:1", "2001:DB8:0::1", "2001:db8::1", ""},
		"a mapped visitor":             {private, "10.1.2.3:1", "::ffff:203.0.113.9", "203.0.113.9", ""},
		"a visitor's port":             {private, "10.1.2.3:1", "203.0.113.7:51234", "203.0.113.7", ""},
		"a port of IPv6":               {private, "10.1.2.3:1", "[2001:db8::1]:443", "2001:db8::1", ""},
		"ports of a chain":             {private, "10.1.2.3:1", "203.0.113.7:1, 10.9.9.9:2", "203.0.113.7", ""},
		"no port":                      {private, "10.1.2.3:1", "203.0.113.7:99999", "10.1.2.3", PassedOn},
		"a visitor in brackets":        {private, "10.1.2.3:1", "[2001:db8::1]", "2001:db8::1", ""},
		"a zone is no other address":   {private, "10.1.2.3:1", "fe80::1%eth0", "fe80::1", ""},
		"a chain of them":              {private, "10.1.2.3:1", "203.0.113.9, 10.9.9.9", "203.0.113.9", ""},
		"a visitor of their network":   {private, "10.1.2.3:1", "10.7.7.7", "10.7.7.7", ""},
		"a chain that is too long":     {private, "10.1.2.3:1", "198.51.100.7,203.0.113.9,10.9.9.9", "203.0.113.9", PassedOn},
		"somebody else":                {private, "192.0.2.1:1", "203.0.113.9", "192.0.2.1", ""},
		"a header that cannot be read": {private, "10.1.2.3:1", "a", "10.1.2.3", PassedOn},
		"one with a hole":              {private, "10.1.2.3:1", "203.0.113.9, , 10.9.9.9", "10.1.2.3", PassedOn},
		"a proxy that tells of nobody": {private, "10.1.2.3:1", "", "10.1.2.3", Silent},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		r.Header.Set("X-Real-IP", "198.51.100.99")
		r.Header.Set("Forwarded", "for=198.51.100.98")
		if got, found := c.proxies.Client(r); got != c.want || found != c.found {
			t.Errorf("%s: %s (%q), want %s (%q)", name, got, found, c.want, c.found)
		}
	}
}

func TestTwoHeadersAreNotOfAProxyThatSetsIt(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.1.2.3:1"
	r.Header.Add("X-Forwarded-For", "198.51.100.7")
	r.Header.Add("X-Forwarded-For", "203.0.113.9")
	if got, found := private.Client(r); got != "203.0.113.9" || found != PassedOn {
		t.Errorf("%s (%q)", got, found)
	}
}

// Whatever a visitor writes into the header, the address is the one that the proxy saw and added, in the same line or
// in one of its own.
func TestAVisitorsOwnHeaderIsNobodysAddress(t *testing.T) {
	t.Parallel()
	for _, claimed := range []string{
		"198.51.100.7", "10.9.9.9", "127.0.0.1", "::1", "::ffff:10.1.2.3", "::ffff:198.51.100.7", "[2001:db8::7]:443",
		"198.51.100.7:80", "fe80::1%eth0", "198.51.100.7, 10.9.9.9", ",", ", ,", "unknown", "_hidden", "for=198.51.100.7",
		"198.51.100.7;", "0.0.0.0", "1", "0x7f.1", "198.51.100.07", "\"198.51.100.7\"", "a\tb",
		strings.Repeat("10.9.9.9,", 500),
	} {
		for _, lines := range [][]string{
			{claimed + ", 203.0.113.9"}, {claimed, "203.0.113.9"}, {claimed, "203.0.113.9, 10.2.2.2"},
		} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = "10.1.2.3:1"
			r.Header["X-Forwarded-For"] = lines
			if got, found := private.Client(r); got != "203.0.113.9" || found != PassedOn {
				t.Errorf("%.60q: %s (%q)", lines, got, found)
			}
		}
	}
}

func TestHttpsNeedsAProxyThatIsNamed(t *testing.T) {
	t.Parallel()
	secure, here := &url.URL{Scheme: "https"}, &url.URL{Scheme: "http"}
	if !Trusted(nil).Missing(secure) || private.Missing(secure) || Trusted(nil).Missing(here) {
		t.Error("whether a proxy has to be named is not right")
	}
}
