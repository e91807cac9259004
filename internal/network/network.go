// Package network says which network a client comes from, at the two widths by which limits count. A client is no
// single address: whoever rents one machine is given 2⁶⁴ addresses of IPv6, and often 2¹⁶ such networks (RIPE-690).
package network

import "net/netip"

// Network is where a client comes from. The zero value is no known network.
type Network struct{ addr netip.Addr }

// Of returns the network of an IP address. What is no address is no known network.
func Of(address string) Network {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return Network{}
	}
	return Network{addr.Unmap().WithZone("")}
}

// Host returns the network that one client has to itself: an IPv4 address, or 64 bits of IPv6. It is written as a CIDR
// prefix; "" when the network is not known.
func (n Network) Host() string { return n.prefix(32, 64) }

// Site returns the network that one customer of a provider may have to themselves, and that others may share: 24 bits
// of IPv4, 48 of IPv6. A count of it takes a wider limit than one of Host.
func (n Network) Site() string { return n.prefix(24, 48) }

// Own reports whether the network says nothing of who comes: this machine's, a private one, or none. Behind a proxy
// that was not named, everybody has the proxy's.
func (n Network) Own() bool {
	return !n.addr.IsValid() || n.addr.IsLoopback() || n.addr.IsPrivate() || n.addr.IsLinkLocalUnicast()
}

func (n Network) prefix(bits4, bits6 int) string {
	if !n.addr.IsValid() {
		return ""
	}
	bits := bits6
	if n.addr.Is4() {
		bits = bits4
	}
	prefix, err := n.addr.Prefix(bits)
	if err != nil {
		return "" // bits fit both families
	}
	return prefix.String()
}
