package doctor

import (
	"context"

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
