package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// planned is a plan with an address of its own for everything.
func planned() *plan {
	p := &plan{
		Primary: "127.0.0.1:5000", Bouncer: "127.0.0.1:6432", Front: "127.0.0.1:8000", Etcd: "127.0.0.1:2379",
		Nodes: []string{"127.0.0.1:8001", "127.0.0.1:8002"}, Dir: "/run", Password: "secret", TTL: 10, Synchronous: true,
	}
	p.Members = []member{
		{Name: "pg0", Address: "127.0.0.1:5001", REST: "127.0.0.1:9001", Dir: "/run/pg0", Bin: "/bin", plan: p},
		{Name: "pg1", Address: "127.0.0.1:5002", REST: "127.0.0.1:9002", Dir: "/run/pg1", Bin: "/bin", plan: p},
	}
	return p
}

// A file of configuration leaves no gap, and knows everything that it leads to.
func TestEveryFileOfConfigurationIsFilledIn(t *testing.T) {
	t.Parallel()
	p := planned()
	for name, want := range map[string][]string{
		"haproxy.cfg": {
			"server pg0 127.0.0.1:5001 check port 9001", "server pg1 127.0.0.1:5002 check port 9002",
			"server node0 127.0.0.1:8001", "server node1 127.0.0.1:8002", "bind 127.0.0.1:8000", "bind 127.0.0.1:5000",
		},
		"pgbouncer.ini": {"host=127.0.0.1 port=5000", "listen_port = 6432", "auth_file = /run/users.txt"},
	} {
		text, err := render(name, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range append(want, "") {
			if !strings.Contains(string(text), line) || strings.Contains(string(text), "<no value>") {
				t.Errorf("%s has no %q, or a gap:\n%s", name, line, text)
			}
		}
	}
}

// What no accepted log-in may be lost for: a commit waits for a standby, and what is written to Patroni is YAML.
func TestACommitWaitsForAStandby(t *testing.T) {
	t.Parallel()
	text, err := render("patroni.yaml", planned().Members[0])
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Bootstrap struct {
			DCS struct {
				TTL         int  `yaml:"ttl"`
				LoopWait    int  `yaml:"loop_wait"`
				RetryAfter  int  `yaml:"retry_timeout"`
				Synchronous bool `yaml:"synchronous_mode"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &said); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	dcs := said.Bootstrap.DCS
	if !dcs.Synchronous {
		t.Errorf("commits wait for nobody: %+v", dcs)
	}
	// Else a primary that is alive loses its lead: Patroni's own rule.
	if dcs.LoopWait+2*dcs.RetryAfter > dcs.TTL {
		t.Errorf("the lead ends after %d s, before it is tried twice to keep it: %+v", dcs.TTL, dcs)
	}
}
