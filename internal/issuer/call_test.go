package issuer

import (
	"net/http"
	"net/netip"
	"slices"
	"testing"
)

// A name leads to no private network by itself; an address that an operator wrote leads there, and nowhere else.
func TestOnlyWhatWasRegisteredIsReachedInside(t *testing.T) {
	t.Parallel()
	var plain bool
	var allowed []string
	own := netip.MustParsePrefix("10.20.0.0/24")
	b := &Backchannel{networks: []netip.Prefix{own}, reach: func(p bool, networks []netip.Prefix) *http.Client {
		plain, allowed = p, nil
		for _, n := range networks {
			allowed = append(allowed, n.String())
		}
		return nil
	}}
	for host, want := range map[string][]string{
		"payroll.acme.example": nil, "payroll.internal": nil, "localhost": nil, "metadata.google.internal": nil,
		"10.0.0.5": {"10.0.0.5/32"}, "169.254.169.254": {"169.254.169.254/32"}, "127.0.0.1": {"127.0.0.1/32"},
		"::1": {"::1/128"}, "::ffff:10.0.0.5": {"10.0.0.5/32"}, "fd00::5": {"fd00::5/128"},
	} {
		b.client(host)
		if want := append([]string{own.String()}, want...); !slices.Equal(allowed, want) {
			t.Errorf("%s: %v, not %v", host, allowed, want)
		}
		if local := host == "localhost" || host == "127.0.0.1" || host == "::1"; plain != local {
			t.Errorf("%s: http is %v", host, plain)
		}
	}
}
