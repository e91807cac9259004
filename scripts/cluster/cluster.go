package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/e2e/program"
)

// cluster is everything that runs.
type cluster struct {
	settings
	*plan
	t           *program.Tester
	dir, binary string
	programs    map[string]string // their paths
	postgresBin string
	unpacked    []string            // the environment of what scripts/cluster.sh unpacked
	as          *syscall.Credential // the account of the database; nil for ours
	patroni     []*part             // by member
	nodes       []*part
	env         map[string]string // of the nodes, but for their addresses
}

// startDatabase starts etcd, the members, and the ways to the primary; then it makes the database.
func (c *cluster) startDatabase() {
	var err error
	if c.as, err = localpg.Credential(); err != nil {
		c.t.Fatal(err)
	}
	c.own(c.dir, c.as)
	peers := "http://" + c.EtcdPeers
	etcd := c.start("etcd", nil, c.unpacked, c.programs["etcd"], "--data-dir", filepath.Join(c.dir, "etcd"),
		"--log-level", "warn", "--listen-client-urls", "http://"+c.Etcd, "--advertise-client-urls", "http://"+c.Etcd,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers)
	c.await(etcd, "etcd is healthy", func() bool { return answers("http://" + c.Etcd + "/health") })
	c.patroni = make([]*part, members)
	for i := range c.Members {
		c.startMember(i)
	}
	haproxy := c.start("haproxy", nil, c.unpacked, c.programs["haproxy"], "-db", "-f",
		c.configure(c.dir, "haproxy.cfg", c.plan))
	c.write(c.dir, "users.txt", fmt.Appendf(nil, "%q %q\n", localpg.Database, c.Password))
	bouncer := c.start("pgbouncer", c.as, c.unpacked, c.programs["pgbouncer"],
		c.configure(c.dir, "pgbouncer.ini", c.plan))
	c.await(haproxy, "the way to the primary is open", func() bool {
		return c.admin("postgres", "select 1") == nil
	})
	c.makeDatabase()
	c.await(bouncer, "PgBouncer leads to the database", func() bool { return c.ask(c.address(c.Bouncer)) == nil })
}

// startMember starts Patroni, which starts PostgreSQL: as a new one, or as a standby of the primary.
func (c *cluster) startMember(i int) {
	m := c.Members[i]
	if err := os.MkdirAll(m.Dir, 0o700); err != nil {
		c.t.Fatal(err)
	}
	file := c.configure(c.own(m.Dir, c.as), "patroni.yaml", m)
	env := append(slices.Clone(c.unpacked), "HOME="+m.Dir)
	c.patroni[i] = c.start(m.Name, c.as, env, c.programs["python3"], c.programs["patroni"], file)
	if c.primary() >= 0 {
		return
	}
	c.await(c.patroni[i], "there is a primary", func() bool { return c.primary() >= 0 })
}

// primary is which member is the primary; -1 when none says that it is.
func (c *cluster) primary() int {
	return slices.IndexFunc(c.Members, func(m member) bool { return answers("http://" + m.REST + "/primary") })
}

// standbys is how many members follow the primary, and how many of them a commit waits for.
func (c *cluster) standbys() (following, waitedFor int) {
	for _, m := range c.Members {
		if answers("http://" + m.REST + "/replica") {
			following++
		}
		if answers("http://" + m.REST + "/synchronous") {
			waitedFor++
		}
	}
	return following, waitedFor
}

// answers reports whether an address answers 200 soon.
func answers(address string) bool {
	client := http.Client{Timeout: time.Second}
	res, err := client.Get(address)
	if err != nil {
		return false
	}
	return errors.Join(res.Body.Close()) == nil && res.StatusCode == http.StatusOK
}

// makeDatabase makes the account of the program and its database, with the time-outs that PgBouncer does not pass on.
func (c *cluster) makeDatabase() {
	role := localpg.Database
	for _, sql := range []string{
		"create role " + role + " login password '" + c.Password + "'",
		"alter role " + role + " set statement_timeout = '5s'",
		"alter role " + role + " set lock_timeout = '2s'",
		"alter role " + role + " set idle_in_transaction_session_timeout = '10s'",
		"create database " + role + " owner " + role,
	} {
		if err := c.admin("postgres", sql); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := db.Migrate(context.Background(), c.address(c.Primary)); err != nil {
		c.t.Fatal(err)
	}
}

// address is the database at one of the ways to it, for the program's account.
func (c *cluster) address(at string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(localpg.Database, c.Password), Host: at, Path: localpg.Database,
	}
	return u.String()
}

// admin executes a statement on the primary, as the superuser.
func (c *cluster) admin(database, sql string) error {
	return execute(c.superuser(database), sql)
}

// superuser is the address of a database on the primary, for the superuser.
func (c *cluster) superuser(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", c.Password), Host: c.Primary, Path: database}
	return u.String()
}

// ask reports what hinders a way to the database.
func (c *cluster) ask(address string) error { return execute(address, "select 1") }

func execute(address, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
