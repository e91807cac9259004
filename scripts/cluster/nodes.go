package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// setUp makes env the environment of the nodes, as docs/operating.md has it for PgBouncer.
func (c *cluster) setUp(env map[string]string) {
	c.env = program.With(env,
		"DATABASE_URL", c.address(c.Bouncer)+"?default_query_exec_mode=exec",
		"DATABASE_LISTEN_URL", c.address(c.Primary),
		"NIGHTLATCH_POLL_ONLY", "true",
		"NIGHTLATCH_URL", "http://"+c.Front,
		"NIGHTLATCH_TRUSTED_PROXIES", "127.0.0.1, ::1")
}

// startNodes starts the nodes, and waits until they are reached through the proxy.
func (c *cluster) startNodes() {
	for i := range c.Nodes {
		c.nodes = append(c.nodes, c.startNode(i))
	}
	c.await(c.nodes[0], "the nodes are ready", func() bool { return answers("http://" + c.Front + "/readyz") })
}

func (c *cluster) startNode(i int) *part {
	var env []string
	for key, value := range program.With(c.env, "NIGHTLATCH_ADDR", c.Nodes[i]) {
		env = append(env, key+"="+value)
	}
	node := c.start(fmt.Sprintf("node%d", i), nil, env, c.binary, "serve")
	c.await(node, node.name+" is ready", func() bool { return answers("http://" + c.Nodes[i] + "/readyz") })
	return node
}

// serveDemo serves the demo office, and says what is where.
func (c *cluster) serveDemo() {
	c.setUp(program.Environment(map[string]string{
		"SMS_PROVIDER": "demo", "NIGHTLATCH_DATA": filepath.Join(c.dir, "data"),
	}))
	said := program.Succeeds(c.t, c.env, "", "demo")
	c.startNodes()
	c.await(c.patroni[0], "two standbys follow", func() bool { n, _ := c.standbys(); return n == members-1 })
	fmt.Print(said)
	fmt.Printf("  Nightlatch   http://%s, by HAProxy to %s\n", c.Front, strings.Join(c.Nodes, ", "))
	fmt.Printf("  PostgreSQL   %s, by HAProxy to the primary; %s by PgBouncer\n", c.Primary, c.Bouncer)
	for i, m := range c.Members {
		what := "a standby"
		if i == c.primary() {
			what = "the primary"
		}
		fmt.Printf("  %s          %s, %s; its Patroni is process %d\n", m.Name, m.Address, what,
			c.patroni[i].cmd.Process.Pid)
	}
	for i, node := range c.nodes {
		fmt.Printf("  %s        process %d at %s\n", node.name, node.cmd.Process.Pid, c.Nodes[i])
	}
	fmt.Printf("  Logs         %s/*.log\n\nKill what you like. Stop with Ctrl-C.\n", c.dir)
}
