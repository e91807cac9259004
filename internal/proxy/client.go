// Package proxy knows who a request comes from when proxies stand in between, and notices proxies that make a visitor's
// address everybody's own choice, or the same for all.
//
// The rule it protects: an address that limits and histories go by is never one that its visitor chose. Start at
// Client.
package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/nightlatch/nightlatch/internal/network"
)

// Trusted are the proxies that the operator named, as networks. Their X-Forwarded-For is believed.
type Trusted []netip.Prefix

// Finding is what is wrong with how a request came.
type Finding string

const (
	// Unnamed is an X-Forwarded-For from an address of an own network that nobody named: a proxy's, nearly always. All
	// of its visitors have its address.
	Unnamed Finding = "unnamed"
	// Silent is a named proxy that does not say who comes. It would pass a visitor's own X-Forwarded-For on.
	Silent Finding = "silent"
	// PassedOn is an X-Forwarded-For that no proxy makes which sets it: two of them, one that is no address, or one that
	// tells of more hops than proxies are named. A visitor wrote it, or another proxy in front is not named.
	PassedOn Finding = "passed_on"
)

// Findings returns all of them.
func Findings() []Finding { return []Finding{Unnamed, Silent, PassedOn} }

// Missing reports whether a proxy must be there, since browsers come by https and the program speaks plain HTTP, and
// none is named.
func (t Trusted) Missing(public *url.URL) bool { return public.Scheme == "https" && len(t) == 0 }

// Client returns the address of a request's client, and what is wrong with how it came, "" for nothing. The address is
// the connection's own, unless that is a named proxy's; then the last one of X-Forwarded-For that no proxy has. A
// header that cannot be read changes nothing.
func (t Trusted) Client(r *http.Request) (address string, found Finding) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, ""
	}
	peer, err := parse(host)
	if err != nil {
		return host, ""
	}
	lines := r.Header.Values("X-Forwarded-For")
	switch {
	case !t.has(peer) && len(lines) > 0 && network.Of(peer.String()).Own():
		return peer.String(), Unnamed
	case !t.has(peer):
		return peer.String(), ""
	case len(lines) == 0:
		return peer.String(), Silent
	case len(lines) > 1:
		found = PassedOn
	}
	hops := strings.Split(strings.Join(lines, ","), ",")
	client := peer
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := parse(hops[i])
		if err != nil {
			return peer.String(), PassedOn
		}
		client = hop
		if !t.has(hop) {
			if i > 0 {
				found = PassedOn
			}
			break
		}
	}
	return client.String(), found
}

// Named reports whether a connection is one of a proxy that the operator named. remoteAddr is http.Request.RemoteAddr.
func (t Trusted) Named(remoteAddr string) bool {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return false
	}
	peer, err := parse(host)
	return err == nil && t.has(peer)
}

func (t Trusted) has(ip netip.Addr) bool {
	for _, named := range t {
		if named.Contains(ip) {
			return true
		}
	}
	return false
}

// parse reads an address in its one form: IPv4 is never written as IPv6. Some proxies (Azure's, IIS) write the
// visitor's port behind it.
func parse(text string) (netip.Addr, error) {
	text = strings.TrimSpace(text)
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().WithZone("").Unmap(), nil
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	ip, err := netip.ParseAddr(text)
	return ip.WithZone("").Unmap(), err
}
