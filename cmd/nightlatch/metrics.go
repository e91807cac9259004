package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof" // #nosec G108 -- its default mux is never served
	"time"
)

// profileLimit is longer than a profile that somebody waits for.
const profileLimit = 2 * time.Minute

// serveMetrics serves /metrics, and profiles where they are asked for, on an address of its own when one is configured,
// until stop is called. It authenticates nobody: the address belongs in the private network.
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
	if a.cfg.profiles {
		addProfiles(mux)
		server.WriteTimeout = profileLimit
	}
	go func() { _ = server.Serve(listener) }() // ends with Close
	fmt.Fprintf(out, "Metrics are at http://%s/metrics\n", localhostOf(a.cfg.metricsAddr, listener.Addr()))
	return func() { _ = server.Close() }, nil
}

// addProfiles adds where time and memory go, as go tool pprof asks for it.
func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
