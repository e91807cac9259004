// Cluster starts a whole installation on this machine: three nodes of Nightlatch behind HAProxy, PgBouncer, and three
// PostgreSQL under Patroni with etcd: make cluster. With -kill people log in while the primary is killed, and then a
// node, and it prints what they saw: make cluster/kill. Start at run; config/ has what is configured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/nightlatch/nightlatch/e2e/program"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// settings are what a run may be told.
type settings struct {
	tools       string // the folder of scripts/cluster.sh
	synchronous bool
	ttl         int // seconds after which a primary that is gone is missed
	killing     bool
	rate        float64 // log-ins a second
}

func run() error {
	var s settings
	flag.StringVar(&s.tools, "tools", "", "the folder that scripts/cluster.sh prints")
	flag.BoolVar(&s.synchronous, "synchronous", true, "a commit waits for a standby")
	flag.IntVar(&s.ttl, "ttl", 10, "seconds after which Patroni misses a primary that is gone")
	flag.BoolVar(&s.killing, "kill", false, "let people log in, kill the primary and a node, and tell what they saw")
	flag.Float64Var(&s.rate, "rate", 4, "log-ins a second, with -kill")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	t := program.NewTester("cluster")
	return t.Caught(func() {
		context.AfterFunc(ctx, t.Clean) // no process outlives the run
		c := newCluster(t, s)
		c.startDatabase()
		if s.killing {
			c.kill(ctx)
			return
		}
		c.serveDemo()
		<-ctx.Done()
	})
}

// newCluster finds the programs, and the addresses at which they are to listen.
func newCluster(t *program.Tester, s settings) *cluster {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, settings: s, dir: t.TempDir(), binary: filepath.Join(root, "bin", "nightlatch")}
	if _, err := os.Stat(c.binary); err != nil {
		t.Fatalf("%v: run make cluster", err)
	}
	program.Use(c.binary)
	c.findPrograms()
	c.plan = newPlan(t, c)
	return c
}
