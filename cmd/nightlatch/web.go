package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/handlers"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/poll"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/stepup"
)

// serveWeb serves the site until ctx ends.
func (a *app) serveWeb(ctx context.Context, listener net.Listener, holder *rotation.Holder, out io.Writer) error {
	phone.Warm()
	if a.cfg.proxies.Missing(a.cfg.url) {
		a.logger.WarnContext(ctx, proxy.AdviceMissing)
	}
	site, err := a.site(ctx, holder)
	if err != nil {
		return err
	}
	light, err := web.Compress(site)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: web.HeadAsGet(light), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(a.logger.Handler(), slog.LevelWarn),
	}
	fmt.Fprintf(out, "%s is at %s\n", a.cfg.product, a.cfg.url)
	if a.cfg.isDemo() {
		printDemo(out, a.cfg)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		_ = server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// site composes the site of the services.
func (a *app) site(ctx context.Context, holder *rotation.Holder) (*echo.Echo, error) {
	jobsPage, err := newJobsPage(ctx, a.queue, a.logger)
	if err != nil {
		return nil, err
	}
	doors, err := door.New(a.pool, a.log,
		issuer.NewAssertions(a.web.signing, a.cfg.url.String(), time.Now), a.changes, time.Now)
	if err != nil {
		return nil, err
	}
	go db.Listen(ctx, cmp.Or(a.cfg.listenURL, a.database), a.pool, a.changes, a.logger)
	go doors.KeepAlive(ctx, a.logger)
	polls := poll.NewMemory(a.web.factors.News, time.Now, a.logger)
	go polls.Run(ctx)
	options, err := a.siteOptions(ctx)
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Services{
		Accounts: a.web.accounts,
		Offices:  a.web.offices,
		Users:    a.web.users,
		Factors:  a.web.factors,
		Sessions: a.web.sessions,
		StepUps:  stepup.NewStore(a.pool, a.ring),
		Rescue:   a.web.rescue,
		Rollouts: a.web.rollouts,
		Evidence: evidence.New(a.pool, a.ring, a.web.rollouts, a.log),
		Replays:  a.web.replays,
		SSO:      a.web.federation,
		Signing:  a.web.signing,
		Issuer:   a.web.issuer,
		Doors:    doors,
		Probes:   doorcheck.NewProbes(a.pool, a.ring, time.Now),

		Applications: application.New(a.pool, a.log, a.cfg.url.Host),

		Operator:     a.web.operator,
		Installation: audit.NewInstallation(a.pool, a.log),
		Listen:       a.cfg.addr,
		Jobs:         jobsPage,
		Zone:         a.cfg.zone,
		Currency:     a.cfg.currency,
		BalanceWarn:  a.cfg.balanceWarn,

		Requests:  a.metrics,
		Checks:    a.metrics,
		Polls:     polls,
		Ready:     func(ctx context.Context) error { return errors.Join(db.Current(ctx, a.pool), holder.Ready()) },
		Proxies:   proxy.NewWatch(a.cfg.proxies, a.pool, a.logger, a.metrics.ProxyFound, time.Now),
		Unproxied: a.cfg.proxies.Missing(a.cfg.url),
		Calls:     a.sending.Calls(),
	}, a.cfg.url, a.cfg.product, a.logger, options...)
}

// siteOptions returns the parts of the site that this installation has: the demo's pages in demo mode, and the
// providers' hooks, with connections of their own, when a provider is set up that could post.
func (a *app) siteOptions(ctx context.Context) (options []handlers.Option, _ error) {
	if a.cfg.isDemo() {
		options = append(options, handlers.WithDemo(a.phone, a.mailbox))
	}
	if !a.sending.Posts() {
		return options, nil
	}
	pool, err := a.connect(ctx, hookConnections)
	if err != nil {
		return nil, err
	}
	s, err := a.services(pool)
	if err != nil {
		return nil, err
	}
	receiver := message.NewHooks(a.sending, s.messages, a.logger, a.metrics.ReceiptRefused)
	return append(options, handlers.WithHooks(receiver, func() []string { return hookTokens(a.ring) })), nil
}
