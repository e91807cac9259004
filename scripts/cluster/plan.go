package main

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/nightlatch/nightlatch/e2e/program"
)

//go:embed config
var configs embed.FS

// The sizes of the cluster.
const (
	members = 3
	nodes   = 3
)

// plan is where everything listens: what the files of config/ are filled with.
type plan struct {
	Etcd, EtcdPeers string
	Members         []member
	Primary         string // HAProxy's way to the primary
	Bouncer         string
	Nodes           []string
	Front           string // HAProxy's way to the nodes
	Dir             string // where files of configuration lie
	Password        string // of every account of the database
	TTL             int
	Synchronous     bool
}

// member is one PostgreSQL with its Patroni.
type member struct {
	Name, Address, REST, Dir, Bin string
	*plan
}

// newPlan draws addresses at which nothing listens.
func newPlan(t testing.TB, c *cluster) *plan {
	free := func() string { return program.FreeAddress(t) }
	p := &plan{
		Etcd: free(), EtcdPeers: free(), Primary: free(), Bouncer: free(), Front: free(),
		Dir: c.dir, Password: strings.ToLower(rand.Text()), TTL: c.ttl, Synchronous: c.synchronous,
	}
	for i := range members {
		name := fmt.Sprintf("pg%d", i)
		p.Members = append(p.Members, member{
			Name: name, Address: free(), REST: free(), Dir: filepath.Join(c.dir, name), Bin: c.postgresBin, plan: p,
		})
	}
	for range nodes {
		p.Nodes = append(p.Nodes, free())
	}
	return p
}

// RESTPort is where HAProxy asks a member whether it is the primary.
func (m member) RESTPort() string { return port(m.REST) }

// PrimaryHost and PrimaryPort are how PgBouncer writes an address, and BouncerHost and BouncerPort.
func (p *plan) PrimaryHost() string { return host(p.Primary) }

// PrimaryPort is the other half.
func (p *plan) PrimaryPort() string { return port(p.Primary) }

// BouncerHost is where PgBouncer listens.
func (p *plan) BouncerHost() string { return host(p.Bouncer) }

// BouncerPort is the other half.
func (p *plan) BouncerPort() string { return port(p.Bouncer) }

func host(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// render fills in a file of config/.
func render(name string, with any) ([]byte, error) {
	t, err := template.ParseFS(configs, "config/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Option("missingkey=error").Execute(&b, with); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// configure writes a file of config/ into a folder, for the account of the database, and returns its path.
func (c *cluster) configure(dir, name string, with any) string {
	text, err := render(name, with)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.write(dir, name, text)
}

// write writes a file that the account of the database alone may read, since passwords stand in it.
func (c *cluster) write(dir, name string, text []byte) string {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.own(path, c.as)
}
