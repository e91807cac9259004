package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/passkey"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/metrics"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/jobs"
)

// webConnections serve pages and commands. Eight have the best p99 for short reads; River has its own, so that a
// backlog of messages cannot take a page's connection, nor the other way round.
const webConnections = 8

// app is one process of an installation: what its commands, its web half and its workers share.
type app struct {
	cfg      config
	logger   *slog.Logger
	changes  *db.Changes // what was changed lately, by whatever process: once somebody listens
	database string      // its URL
	pool     *db.Pool
	ring     *keys.Ring
	log      *audit.Log
	metrics  *metrics.Metrics      // a message.Recorder, and a web.RequestMeter
	queue    *river.Client[pgx.Tx] // enqueues and works nothing, over the web half's connections
	outbox   *jobs.Outbox          // of queue
	hasher   *account.Hasher
	sending  message.Carriers   // empty for commands that send nothing
	phone    *message.DemoPhone // nil outside demo mode
	mailbox  *mail.DemoMailbox  // nil outside demo mode
	sender   mail.Sender        // nil when no mail is sent
	web      *services          // over the web half's connections
	closers  []func()           // run by close, the last first
}

// services are the domain over one pool of connections.
type services struct {
	sessions    *session.Store
	accounts    *account.Service
	offices     *office.Service
	factors     *twofactor.Service
	federation  *federation.Service
	users       *users.Service
	rescue      *rescue.Service
	rollouts    *rollout.Service
	operator    *operator.Service
	messages    *message.Service
	mails       *mail.Service
	replays     *replay.Store
	signing     *issuer.Keys
	issuer      *issuer.Service
	backchannel *issuer.Backchannel
	registry    *application.Service
}

// open opens the installation for one command: its database, its keys, and the services over them.
func open(ctx context.Context, cfg config, logger *slog.Logger) (*app, error) {
	url, closeDB, err := openDatabase(ctx, cfg, false)
	if err != nil {
		return nil, err
	}
	a, err := newApp(ctx, cfg, url, logger)
	if err != nil {
		closeDB()
		return nil, err
	}
	a.closers = slices.Insert(a.closers, 0, closeDB)
	return a, nil
}

// newApp connects to the database at url, and builds what stands on it.
func newApp(ctx context.Context, cfg config, url string, logger *slog.Logger) (*app, error) {
	a := &app{cfg: cfg, logger: logger, database: url, changes: db.NewChanges(time.Now)}
	if err := a.build(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) build(ctx context.Context) (err error) {
	pgxPool, err := db.Connect(ctx, a.database, webConnections)
	if err != nil {
		return err
	}
	a.pool, a.closers = db.NewPool(pgxPool, a.changes), append(a.closers, pgxPool.Close)
	if err := db.Current(ctx, a.pool); err != nil {
		return err
	}
	if a.ring, err = a.openKeys(ctx); err != nil {
		return err
	}
	a.hasher = account.NewHasher(account.OWASP())
	a.metrics = metrics.New(a.pool, a.cfg.providers(), a.logger)
	a.metrics.Watch("web", a.pool)
	a.log = audit.NewLog(a.logger, a.metrics.Audited)
	switch {
	case a.cfg.isDemo():
		a.phone, a.mailbox = message.NewDemoPhone(a.pool), mail.NewDemoMailbox(a.pool)
		a.sender = a.mailbox
	case a.cfg.mail != nil:
		a.sender = mail.NewSMTP(*a.cfg.mail, nil)
	}
	a.sending, err = newCarriers(a.cfg, hookBase(a.cfg, a.ring), a.phone)
	if err != nil && a.cfg.sms.Provider != "" {
		return err
	}
	if a.queue, err = jobs.NewInserter(pgxPool, quiet(a.logger)); err != nil {
		return fmt.Errorf("make the queue's client: %w", err)
	}
	a.outbox = jobs.NewOutbox(a.queue)
	a.web, err = a.services(a.pool)
	return err
}

// openKeys reads the key file, which must be this database's.
func (a *app) openKeys(ctx context.Context) (*keys.Ring, error) {
	if a.cfg.keyFile == "" {
		return nil, errors.New("NIGHTLATCH_KEY_FILE is not set: name a file of mode 0600 with one base64 32-byte key " +
			"a line (head -c 32 /dev/urandom | base64)")
	}
	load := keys.Load
	if a.cfg.keyFileMake {
		if err := makeData(a.cfg); err != nil {
			return nil, err
		}
		load = keys.LoadOrMake
	}
	ring, err := load(a.cfg.keyFile)
	if err != nil {
		return nil, err
	}
	return rotation.Open(ctx, a.pool, ring, a.cfg.keyFile)
}

// services builds the domain over a pool: once for each half of the process.
func (a *app) services(pool *db.Pool) (s *services, err error) {
	product, public := a.cfg.product, a.cfg.url
	s = &services{sessions: session.NewStore(pool, a.log)}
	var post account.Post = account.NoMail{}
	if a.sender != nil {
		post = mail.NewQueue(a.ring, a.outbox)
	}
	ways := account.NewWays(post, s.sessions, a.log)
	s.accounts = account.New(pool, a.hasher, ways, a.outbox, a.log, product)
	s.factors = twofactor.New(pool, a.ring, s.sessions, a.outbox, ways, a.log, time.Now, product, a.passkeys()...)
	s.offices = office.New(pool, ways, a.log, a.sending.First())
	s.federation = federation.New(pool, a.ring, s.factors, ways, a.log, public, a.cfg.ssoNetworks...)
	s.users = users.New(pool, s.sessions, ways, s.factors, a.log)
	s.rescue = rescue.New(pool, a.ring, s.sessions, s.factors, ways, a.log)
	s.rollouts = rollout.New(pool, ways, a.log)
	s.operator = operator.New(pool, a.log, s.factors)
	s.registry = application.New(pool, a.log, public.Host)
	s.replays = replay.NewStore(pool, a.ring)
	s.signing = issuer.NewKeys(pool, a.ring, a.log)
	if s.issuer, err = issuer.New(pool, a.ring, s.signing, s.registry, a.log, public); err != nil {
		return nil, err
	}
	s.backchannel = issuer.NewBackchannel(pool, s.signing, a.outbox, a.log, public, federation.NewClient,
		a.cfg.appNetworks...)
	jitter := func() time.Duration { return rand.N(2 * time.Second) } // #nosec G404 -- spreads waits, guards nothing
	s.messages = message.New(pool, s.factors, a.sending, a.outbox, a.metrics, a.logger, jitter, a.cfg.rate)
	s.mails = mail.New(pool, a.ring, a.sender, product, a.cfg.currency, a.cfg.zone, public.String, a.log, a.logger)
	return s, nil
}

// passkeys returns passkeys as a kind of factor, and nothing under an address that can have none.
func (a *app) passkeys() []factor.Factor {
	kind, err := passkey.New(a.ring, a.cfg.url, a.cfg.product)
	if err != nil {
		a.logger.Debug("users have no passkeys", "reason", err)
		return nil
	}
	return []factor.Factor{kind}
}

// connect opens connections of their own for a part of the process; close closes them before the others.
func (a *app) connect(ctx context.Context, connections int32) (*db.Pool, error) {
	pgxPool, err := db.Connect(ctx, a.database, connections)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, pgxPool.Close)
	return db.NewPool(pgxPool, a.changes), nil
}

func (a *app) close() {
	for _, c := range slices.Backward(a.closers) {
		c()
	}
}
