package program

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
)

// Front starts nginx or caddy with a configuration that nightlatch app config printed, until the test ends. address is
// one at which it listens.
func Front(t testing.TB, proxy, config, address string) {
	t.Helper()
	dir := t.TempDir()
	p := &Proxy{Name: proxy, https: address}
	if proxy == "caddy" {
		_, port, _ := net.SplitHostPort(address)
		write(t, filepath.Join(dir, "Caddyfile"), fmt.Sprintf("{\n\tadmin off\n\thttp_port %s\n\tauto_https off\n"+
			"\tdefault_bind 127.0.0.1\n}\n", port)+config)
		p.start(t, dir, "caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile")
		return
	}
	p.startNginx(t, dir, config)
}

// Loopback is a way to sites under names of this machine, such as payroll.localhost, which not every resolver knows.
func Loopback() http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
}
