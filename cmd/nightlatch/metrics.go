package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serveMetrics serves /metrics, and nothing else, on an address of its own when one is configured, until stop is
// called. It authenticates nobody: the address belongs in the private network.
func (a *app) serveMetrics(ctx context.Context, out io.Writer) (stop func(), err error) {
	if a.cfg.metricsAddr == "" {
		return func() {}, nil
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", a.cfg.metricsAddr)
	if err != nil {
		return nil, fmt.Errorf("listen on NIGHTLATCH_METRICS_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(a.logger.Handler(), slog.LevelWarn),
	}
	go func() { _ = server.Serve(listener) }() // ends with Close
	fmt.Fprintf(out, "Metrics are at http://%s/metrics\n", localhostOf(a.cfg.metricsAddr, listener.Addr()))
	return func() { _ = server.Close() }, nil
}
