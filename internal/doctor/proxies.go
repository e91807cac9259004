package doctor

import (
	"context"
	"net/netip"
	"strings"

	"github.com/nightlatch/nightlatch/internal/proxy"
)

// proxies looks at whether the proxy is named that https needs.
func (in *installation) proxies(r *report) {
	switch {
	case in.Proxies.Missing(in.URL):
		r.warning("%s.", proxy.AdviceMissing)
	case len(in.Proxies) > 0:
		r.ok("NIGHTLATCH_TRUSTED_PROXIES names whose X-Forwarded-For is believed.")
	}
}

// visitors tells what serve noticed about the proxies in the last day.
func (in *installation) visitors(ctx context.Context, r *report) error {
	told, err := proxy.Recent(ctx, in.pool)
	if err != nil {
		return err
	}
	for _, f := range told {
		r.warning("%s (%d requests, the last at %s).", proxy.Advice(f.Finding), f.Requests,
			f.LastAt.UTC().Format("2006-01-02 15:04 MST"))
	}
	return nil
}

// singleSignOn tells which private networks offices can reach through us.
func (in *installation) singleSignOn(r *report) {
	if len(in.SSONetworks) == 0 {
		return
	}
	words := make([]string, len(in.SSONetworks))
	for i, network := range in.SSONetworks {
		words[i] = network.String()
	}
	r.ok("NIGHTLATCH_SSO_NETWORKS lets every office's provider of single sign-on be in %s.", strings.Join(words, ", "))
	for _, network := range in.SSONetworks {
		if network.Contains(netip.MustParseAddr("169.254.169.254")) || network.Contains(netip.MustParseAddr("127.0.0.1")) ||
			network.Contains(netip.IPv6Loopback()) {
			r.warning("NIGHTLATCH_SSO_NETWORKS has %s, by which an office's superuser reaches this machine itself or "+
				"a cloud's metadata. Name the provider's own address.", network)
		}
	}
}
