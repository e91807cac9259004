package main

import (
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
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/phone"
)

// serveWeb serves the site until ctx ends.
func (a *app) serveWeb(ctx context.Context, listener net.Listener, holder *rotation.Holder, out io.Writer) error {
	phone.Warm()
	site, err := a.site(ctx, holder)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handlers.HeadAsGet(site), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
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
	hooks, err := a.hooks(ctx)
	if err != nil {
		return nil, err
	}
	services := handlers.Services{
		Accounts: a.web.accounts,
		Offices:  a.web.offices,
		Factors:  a.web.factors,
		Sessions: a.web.sessions,
		SSO:      a.web.federation,
		Phone:    a.phone,
		Ready:    func(ctx context.Context) error { return errors.Join(db.Current(ctx, a.pool), holder.Ready()) },
		Mailbox:  a.mailbox,
		Proxies:  a.cfg.proxies,
		Requests: a.metrics,

		Installation: audit.NewInstallation(a.pool, a.log),
		Jobs:         jobsPage,
		Calls:        a.sending.Calls(),
		Hooks:        hooks,
		Operator:     a.web.operator,
		BalanceWarn:  a.cfg.balanceWarn,
		HookTokens:   func() []string { return hookTokens(a.ring) },
		People:       a.web.users,
	}
	if a.web.accounts.CanMail() {
		services.Invites = a.web.accounts
	}
	return handlers.New(services, a.cfg.url, a.cfg.product, a.logger)
}

// hooks returns what reads the receipts, with connections of its own; nil when no provider is set up that could post.
func (a *app) hooks(ctx context.Context) (handlers.Hooks, error) {
	if !a.sending.Posts() {
		return nil, nil
	}
	pool, err := a.connect(ctx, hookConnections)
	if err != nil {
		return nil, err
	}
	messages := a.services(pool).messages
	return hooks{message.NewHooks(a.sending, messages, a.logger, a.metrics.ReceiptRefused)}, nil
}
