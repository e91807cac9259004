package main

import (
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- a form of htpasswd, for a password that guards nothing
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// peerName is oauth2-proxy, which is measured beside us where it could be built.
const peerName = "oauth2-proxy"

// Authelia 4.37 could not be built beside us; its ratios to a bare Echo, and its p99 in milliseconds of checks while
// fifty log in, were measured once on the machine of these goals.
const (
	autheliasRate = 0.46
	autheliasCPU  = 2.8
	autheliasP99  = 2388
)

// startPeer starts oauth2-proxy with sessions in cookies, and returns the check of somebody who is in; nil when there
// is none.
func (b *bench) startPeer() (*process, []byte) {
	if _, err := os.Stat(b.peer); b.peer == "" || err != nil {
		return nil, nil
	}
	dir := b.t.TempDir()
	sum := sha1.Sum([]byte(program.Password)) // #nosec G401 -- see above
	file := filepath.Join(dir, "htpasswd")
	line := "bench:{SHA}" + base64.StdEncoding.EncodeToString(sum[:]) + "\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		b.t.Fatal(err)
	}
	addr := program.FreeAddress(b.t)
	p := b.start(peerName, nil, b.peer, "--http-address="+addr, "--provider=github", "--client-id=bench",
		"--client-secret=bench", "--cookie-secret="+rand.Text()[:16], "--email-domain=*", "--htpasswd-file="+file,
		"--upstream=static://202", "--cookie-secure=false", "--reverse-proxy=true", "--request-logging=false",
		"--auth-logging=false", "--redirect-url=http://"+addr+"/oauth2/callback")
	p.addr = addr
	b.await(p, "/ping")
	c := &client{addr: addr, keep: true}
	defer c.close()
	a, err := c.do(request(http.MethodPost, p.host(), "/oauth2/sign_in",
		url.Values{"username": {"bench"}, "password": {program.Password}}))
	if err != nil || len(a.cookies) == 0 {
		b.t.Fatalf("%s lets nobody in: %d %v", peerName, a.status, err)
	}
	asked := request(http.MethodGet, p.host(), "/oauth2/auth", nil, "Cookie", strings.Join(a.cookies, "; "))
	if in, err := c.do(asked); err != nil || in.status != http.StatusAccepted {
		b.t.Fatalf("%s refuses who is in: %d %v", peerName, in.status, err)
	}
	return p, asked
}

// besidePeers compares the hits of checks with the faster of the two peers.
func (b *bench) besidePeers(s series) result {
	r := result{id: "G16"}
	rate, cpu := s.ratio("hits", "echo", rateOf), s.ratio("hits", "echo", cpuOf)
	scaled := func(x spread, by float64) spread { return spread{x.median / by, x.least / by, x.most / by} }
	if _, measured := s.rounds[0][peerName]; measured {
		r.conditions = append(r.conditions,
			atLeast("rate", s.ratio("hits", peerName, rateOf), 1.3, " × "+peerName),
			atMost("CPU", s.ratio("hits", peerName, cpuOf), 0.7, " × "+peerName))
		r.remark = peerName + " " + s.ratio(peerName, "echo", rateOf).String() + " × Echo"
	} else {
		r.remark = peerName + " could not be built"
	}
	r.conditions = append(r.conditions,
		atLeast("rate", scaled(rate, autheliasRate), 1.3, " × Authelia (by its ratio to Echo)"),
		atMost("CPU", scaled(cpu, autheliasCPU), 0.7, " × Authelia (by its ratio to Echo)"))
	return r
}
