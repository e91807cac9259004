package web

import (
	"net"
	"net/http/httptest"
	"testing"
)

func TestOnlyNamedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	_, private, _ := net.ParseCIDR("10.0.0.0/8")
	for name, c := range map[string]struct {
		proxies           []*net.IPNet
		remote, forwarded string
		want              string
	}{
		"nobody is believed":    {nil, "192.0.2.1:1", "203.0.113.9", "192.0.2.1"},
		"not even this machine": {nil, "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		"a named proxy":         {[]*net.IPNet{private}, "10.1.2.3:1", "203.0.113.9", "203.0.113.9"},
		"a chain of them": {[]*net.IPNet{private}, "10.1.2.3:1", "198.51.100.7, 203.0.113.9, 10.9.9.9",
			"203.0.113.9"},
		"somebody else":                {[]*net.IPNet{private}, "192.0.2.1:1", "203.0.113.9", "192.0.2.1"},
		"a header that cannot be read": {[]*net.IPNet{private}, "10.1.2.3:1", "a", "10.1.2.3"},
		"a proxy that tells of nobody": {[]*net.IPNet{private}, "10.1.2.3:1", "", "10.1.2.3"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		r.Header.Set("X-Real-IP", "198.51.100.99")
		r.Header.Set("Forwarded", "for=198.51.100.98")
		if got := AddressFrom(c.proxies)(r); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
