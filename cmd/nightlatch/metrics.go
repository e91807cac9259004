package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/nightlatch/nightlatch/internal/metrics"
)

// newMetrics makes the metrics of this process over its web pool.
func (p *program) newMetrics() *metrics.Metrics {
	m := metrics.New(p.pool, p.cfg.providers(), p.logger)
	m.Watch("web", p.pool)
	return m
}

// providers are the names of the configured providers, as in the sends.
func (c config) providers() []string {
	if c.isDemo() {
		return []string{byDemo}
	}
	var names []string
	for _, name := range []string{byVonage, byWebhook, byVoice} {
		if c.provider != "" && c.uses(name) {
			names = append(names, name)
		}
	}
	return names
}

// serveMetrics answers /metrics, and nothing else, on an address of its own when one is configured. It asks
// nobody who they are: the address belongs in the private network. stop ends it.
func (p *program) serveMetrics(ctx context.Context, out io.Writer) (stop func(), err error) {
	if p.cfg.metricsAddr == "" {
		return func() {}, nil
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", p.cfg.metricsAddr)
	if err != nil {
		return nil, fmt.Errorf("listen on NIGHTLATCH_METRICS_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metrics.Handler())
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(p.logger.Handler(), slog.LevelWarn),
	}
	go func() { _ = server.Serve(listener) }() // ends with Close
	fmt.Fprintf(out, "Metrics are at http://%s/metrics\n", localhostOf(p.cfg.metricsAddr, listener.Addr()))
	return func() { _ = server.Close() }, nil
}
