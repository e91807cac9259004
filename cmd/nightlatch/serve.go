package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/nightlatch/nightlatch/internal/keys/rotation"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// stopTimeout is how long a stop waits for requests and running jobs.
const stopTimeout = 18 * time.Second

type serveCommand struct {
	Only string `enum:"web,work," default:"" help:"Serve the web alone, or work the jobs alone." placeholder:"web|work"`
}

// Run serves the web and the workers, or only one of them, until ctx ends; then it stops gracefully.
func (c *serveCommand) Run(ctx context.Context, cfg config, std stdio) error {
	return serve(ctx, cfg, c.Only, std.out, newLogger(std.err, slog.LevelInfo))
}

func serve(ctx context.Context, cfg config, only string, out io.Writer, logger *slog.Logger) error {
	if cfg.sms.Provider == "" {
		return sms.ErrNoProvider(cfg.registry)
	}
	slog.SetDefault(logger) // for libraries that log without being given a logger
	database, closeDB, err := openDatabase(ctx, cfg, true)
	if err != nil {
		return err
	}
	defer closeDB()
	var listener net.Listener
	if only != "work" {
		// Before the services, which need the origin: port 0 is known only when it is taken.
		if listener, err = listen(ctx, &cfg); err != nil {
			return err
		}
		defer func() { _ = listener.Close() }()
	}
	a, err := newApp(ctx, cfg, database, logger)
	if err != nil {
		return err
	}
	defer a.close()
	holder, err := rotation.Hold(ctx, a.pool, a.ring, cfg.keyFile, logger)
	if err != nil {
		return err
	}
	defer holder.Stop()
	stopMetrics, err := a.serveMetrics(ctx, out)
	if err != nil {
		return err
	}
	defer stopMetrics()
	if only != "web" {
		stopWorker, err := a.startWorker(ctx)
		if err != nil {
			return err
		}
		defer stopWorker()
	}
	if only == "work" {
		fmt.Fprintln(out, "Working jobs. Stop with Ctrl-C.")
		<-ctx.Done()
		return nil
	}
	return a.serveWeb(ctx, listener, holder, out)
}

// listen takes the listen address. Without a NIGHTLATCH_URL the origin follows it.
func listen(ctx context.Context, cfg *config) (net.Listener, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return nil, fmt.Errorf("listen on NIGHTLATCH_ADDR: %w", err)
	}
	if !cfg.urlGiven {
		cfg.url = &url.URL{Scheme: "http", Host: localhostOf(cfg.addr, listener.Addr())}
	}
	return listener, nil
}

func localhostOf(addr string, bound net.Addr) string {
	host, _, _ := net.SplitHostPort(localhost(addr))
	_, port, _ := net.SplitHostPort(bound.String())
	return net.JoinHostPort(host, port)
}
