package network_test

import (
	"testing"

	"github.com/nightlatch/nightlatch/internal/network"
)

func TestAClientIsCountedByItsNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct {
		host, site string
		own        bool
	}{
		"203.0.113.7":            {"203.0.113.7/32", "203.0.113.0/24", false},
		"::ffff:203.0.113.7":     {"203.0.113.7/32", "203.0.113.0/24", false},
		"2001:db8:1:2:3:4:5:6":   {"2001:db8:1:2::/64", "2001:db8:1::/48", false},
		"2001:db8:1:2:ffff::1":   {"2001:db8:1:2::/64", "2001:db8:1::/48", false},
		"2001:db8:1:3::1":        {"2001:db8:1:3::/64", "2001:db8:1::/48", false},
		"2001:DB8:1:2::1%eth0":   {"2001:db8:1:2::/64", "2001:db8:1::/48", false},
		"127.0.0.1":              {"127.0.0.1/32", "127.0.0.0/24", true},
		"::1":                    {"::/64", "::/48", true},
		"10.1.2.3":               {"10.1.2.3/32", "10.1.2.0/24", true},
		"fe80::1%eth0":           {"fe80::/64", "fe80::/48", true},
		"fd00:1:2:3::4":          {"fd00:1:2:3::/64", "fd00:1:2::/48", true},
		"":                       {"", "", true},
		"unix":                   {"", "", true},
		"203.0.113.7, 127.0.0.1": {"", "", true},
	} {
		n := network.Of(address)
		if n.Host() != want.host || n.Site() != want.site || n.Own() != want.own {
			t.Errorf("%q is in %s of %s, own: %v", address, n.Host(), n.Site(), n.Own())
		}
	}
}
