package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/handlers"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/metrics"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/jobs"
)

const (
	// Eight connections have the best p99 for short reads; River has its own, so that a backlog of
	// messages cannot take a page's connection, nor the other way round.
	webConnections  = 8
	workConnections = 8
	// stopTimeout is how long a stop waits for requests and running jobs.
	stopTimeout = 18 * time.Second
)

// serve runs the web and the workers, or only one of them, until ctx ends; then it stops gracefully.
func serve(ctx context.Context, cfg config, only string, out io.Writer, logger *slog.Logger) error {
	if cfg.provider == "" {
		return errNoProvider
	}
	slog.SetDefault(logger) // for libraries that log without being given a logger
	url, closeDB, err := openDatabase(ctx, cfg, true)
	if err != nil {
		return err
	}
	defer closeDB()
	p, err := connect(ctx, cfg, url, logger)
	if err != nil {
		return err
	}
	defer p.close()
	letGo, err := p.holdKeys(ctx)
	if err != nil {
		return err
	}
	defer letGo()
	stopMetrics, err := p.serveMetrics(ctx, out)
	if err != nil {
		return err
	}
	defer stopMetrics()

	if only != "web" {
		worker, err := p.worker(ctx)
		if err != nil {
			return err
		}
		// Its jobs end by Stop alone: a context that ends with a signal would cut every send in the middle.
		if err := worker.Start(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("start the workers: %w", err)
		}
		defer stopWorker(worker, logger)
	}
	if only == "work" {
		fmt.Fprintln(out, "Working jobs. Stop with Ctrl-C.")
		<-ctx.Done()
		return nil
	}
	return p.serveWeb(ctx, out)
}

// program is everything that both halves share.
type program struct {
	cfg     config
	logger  *slog.Logger
	url     string
	pool    *db.Pool
	ring    *keys.Ring
	holder  *keyHolder // nil for commands that serve nothing
	log     *audit.Log
	phone   *message.DemoPhone // nil outside demo mode
	sending providers          // empty for commands that send nothing
	outbox  *jobs.Outbox
	metrics *metrics.Metrics        // a message.Meter, and a handlers.RequestMeter
	queue   *river.Client[pgx.Tx]   // enqueues and works nothing, over the web half's connections
	mailbox *mail.DemoMailbox       // nil outside demo mode
	origin  atomic.Pointer[url.URL] // cfg.url, for links in mails: known late when the port is 0
	closers []func()
}

// connect opens the database and what stands on it.
func connect(ctx context.Context, cfg config, url string, logger *slog.Logger) (*program, error) {
	pgxPool, err := db.Connect(ctx, url, webConnections)
	if err != nil {
		return nil, err
	}
	p := &program{cfg: cfg, logger: logger, url: url, pool: db.NewPool(pgxPool), closers: []func(){pgxPool.Close}}
	p.origin.Store(cfg.url)
	p.metrics = p.newMetrics()
	p.log = audit.NewLog(logger, p.metrics.Audited)
	if err := p.build(ctx); err != nil {
		p.close()
		return nil, err
	}
	inserter, err := jobs.NewInserter(pgxPool, quiet(logger))
	if err != nil {
		p.close()
		return nil, fmt.Errorf("make the queue's client: %w", err)
	}
	p.outbox, p.queue = jobs.NewOutbox(inserter), inserter
	return p, nil
}

func (p *program) build(ctx context.Context) (err error) {
	if err := db.Current(ctx, p.pool); err != nil {
		return err
	}
	if p.ring, err = loadKeys(ctx, p.cfg, p.pool); err != nil {
		return err
	}
	if p.cfg.isDemo() {
		p.phone, p.mailbox = message.NewDemoPhone(p.pool), mail.NewDemoMailbox(p.pool)
	}
	if p.cfg.provider != "" {
		p.sending, err = newProviders(p.cfg, hookBase(p.cfg, p.ring), p.phone)
	}
	return err
}

func (p *program) close() {
	for _, c := range p.closers {
		c()
	}
}

func (p *program) providerName() string {
	if len(p.sending.all) == 0 {
		return ""
	}
	return p.sending.routes.For("")[0]
}

func (p *program) factors(pool *db.Pool) *twofactor.Service {
	factors := twofactor.New(pool, p.ring, session.NewStore(pool, p.log), p.outbox, p.log, time.Now, p.cfg.product)
	if queue := p.mailQueue(); queue != nil {
		return factors.WithMail(queue)
	}
	return factors
}

// operator answers operators; what sends anew is the second step itself.
func (p *program) operator(pool *db.Pool) *operator.Service {
	return operator.New(pool, p.log, p.factors(pool))
}

// worker builds the working half, with connections of its own.
func (p *program) worker(ctx context.Context) (*river.Client[pgx.Tx], error) {
	pgxPool, err := db.Connect(ctx, p.url, workConnections)
	if err != nil {
		return nil, err
	}
	p.closers = append([]func(){pgxPool.Close}, p.closers...)
	pool := db.NewPool(pgxPool)
	p.metrics.Watch("work", pool)
	codes := p.factors(pool)
	return jobs.NewWorker(pgxPool, quiet(p.logger), jobs.Register(p.messages(pool, codes), codes, p.operator(pool), p.cfg.retentionDays, p.mails(pool), p.accountsOn(pool, nil),
		codes, federation.New(pool, p.ring, codes, p.log, p.cfg.url)), p.cfg.pollOnly)
}

func (p *program) messages(pool *db.Pool, codes *twofactor.Service) *message.Service {
	jitter := func() time.Duration { return rand.N(2 * time.Second) } // #nosec G404 -- spreads waits, guards nothing
	return message.New(pool, codes, p.sending, p.outbox, p.metrics, p.logger, jitter, p.cfg.rate)
}

// hooks are nil when no provider is set up that could post.
func (p *program) hooks(ctx context.Context) (handlers.Hooks, error) {
	readers, err := newReaders(p.cfg)
	if err != nil || readers.none() {
		return nil, err
	}
	pgxPool, err := db.Connect(ctx, p.url, hookConnections)
	if err != nil {
		return nil, err
	}
	p.closers = append([]func(){pgxPool.Close}, p.closers...)
	pool := db.NewPool(pgxPool)
	words := message.NewWords(p.cfg.product, p.cfg.url.Hostname())
	return hooks{readers, p.messages(pool, p.factors(pool)), words, p.logger, p.metrics.ReceiptRefused}, nil
}

// stopWorker lets running sends end, and cuts those that do not.
func stopWorker(worker *river.Client[pgx.Tx], logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := worker.Stop(ctx); err == nil {
		return
	}
	hard, cancelHard := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancelHard()
	if err := worker.StopAndCancel(hard); err != nil {
		logger.Warn("workers did not stop in time", "error", err)
	}
}

// serveWeb serves the site until ctx ends.
func (p *program) serveWeb(ctx context.Context, out io.Writer) error {
	hasher, err := account.NewHasher()
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", p.cfg.addr)
	if err != nil {
		return fmt.Errorf("listen on NIGHTLATCH_ADDR: %w", err)
	}
	if !p.cfg.urlGiven {
		// Port 0 is known only now.
		p.cfg.url = &url.URL{Scheme: "http", Host: localhostOf(p.cfg.addr, listener.Addr())}
		p.origin.Store(p.cfg.url)
	}
	phone.Warm()
	jobsPage, err := newJobsPage(ctx, p.queue, p.logger)
	if err != nil {
		return err
	}
	posted, err := p.hooks(ctx)
	if err != nil {
		return err
	}
	factors := p.factors(p.pool)
	accounts := p.accountsOn(p.pool, hasher)
	services := handlers.Services{
		Accounts: accounts,
		Offices:  office.New(p.pool, p.log, p.providerName()),
		Factors:  factors,
		Sessions: session.NewStore(p.pool, p.log),
		SSO:      federation.New(p.pool, p.ring, factors, p.log, p.cfg.url),
		Phone:    p.phone,
		Ready:    func(ctx context.Context) error { return errors.Join(db.Current(ctx, p.pool), p.holder.ready()) },
		Mailbox:  p.mailbox,
		Proxies:  p.cfg.proxies,
		Requests: p.metrics,

		Installation: audit.NewInstallation(p.pool, p.log),
		Jobs:         jobsPage,
		Calls:        p.sending.calls,
		Hooks:        posted,
		Operator:     p.operator(p.pool),
		BalanceWarn:  p.cfg.balanceWarn,
		HookTokens:   func() []string { return hookTokens(p.ring) },
		People:       users.New(p.pool, session.NewStore(p.pool, p.log), p.log),
	}
	if accounts.CanMail() {
		services.Invites = accounts
	}
	site, err := handlers.New(services, p.cfg.url, p.cfg.product, p.logger)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handlers.HeadAsGet(site), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(p.logger.Handler(), slog.LevelWarn),
	}
	fmt.Fprintf(out, "%s is at %s\n", p.cfg.product, p.cfg.url)
	if p.cfg.isDemo() {
		tellDemo(out, p.cfg)
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

func localhostOf(addr string, bound net.Addr) string {
	host, _, _ := net.SplitHostPort(localhost(addr))
	_, port, _ := net.SplitHostPort(bound.String())
	return net.JoinHostPort(host, port)
}
