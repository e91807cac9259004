// Package loopback knows which hosts are this machine itself: what travels in clear never leaves it.
package loopback

import (
	"net"
	"strings"
)

// Host reports whether a host, a name or an address without a port, is this machine. Names below .localhost are
// resolved to it by RFC 6761.
func Host(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
