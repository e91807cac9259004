package main

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// connections of a closed loop.
const connections = 16

// hits is how many sessions the check of hits draws from.
const hits = 1000

// sessions are requests of the check, one for each session of a world, in an order of chance.
func (b *bench) sessions(w *world, n int) [][]byte {
	all := make([][]byte, n)
	for i, at := range rand.Perm(w.data.sessions)[:n] { // #nosec G404 -- an order, no secret
		all[i] = b.checkOf(w, 1+at)
	}
	return all
}

// checkOf is the request that checks the session of a number: as a proxy asks in front of an application.
func (b *bench) checkOf(w *world, session int) []byte {
	if b.check != paths.DoorAuthRequest {
		return request(http.MethodGet, w.node.host(), b.check, nil, "Cookie", "nightlatch="+token("full", session))
	}
	return request(http.MethodGet, w.node.host(), b.check, nil, "Cookie", "nightlatch-app="+token("door", session),
		"X-Forwarded-Method", http.MethodGet, "X-Forwarded-Proto", "https", "X-Forwarded-Host", guarded,
		"X-Forwarded-Uri", "/")
}

// checks is the target that asks for the sessions in turn.
func (b *bench) checks(name string, w *world, asked [][]byte) target {
	var count atomic.Int64
	return target{name: name, uses: []string{w.node.name, postgresName}, run: func(d time.Duration) outcome {
		return closed(w.node.addr, connections, d, &count, gets(func(i int) []byte {
			return asked[i%len(asked)]
		}))
	}}
}

// remembered is a target whose sessions are all asked for before each slice: a round is longer than they are kept.
func (b *bench) remembered(t target, w *world, asked [][]byte) target {
	t.prime = func() {
		c := &client{addr: w.node.addr}
		defer c.close()
		for _, one := range asked {
			b.ask(c, one)
		}
	}
	return t
}

// fixed is the target that asks the same thing again and again.
func fixed(name string, p *process, path string, uses ...string) target {
	var count atomic.Int64
	asked := request(http.MethodGet, p.host(), path, nil)
	return target{name: name, uses: uses, run: func(d time.Duration) outcome {
		return closed(p.addr, connections, d, &count, gets(func(int) []byte { return asked }))
	}}
}

// flags is the target that types digits of numbers into the field of log-ins that wait for a number.
func (b *bench) flags(w *world) target {
	var asked [][]byte
	for i, typed := range []string{
		"0", "06", "061", "+3", "+31", "+316", "+4", "+44", "+447", "+1", "+1 2", "+1 204", "+32", "+49", "+7", "+35", "+352",
	} {
		form := url.Values{"number": {typed}, "country": {"NL"}, "lang": {"en"}, "last": {""}, "chosen": {""}}
		asked = append(asked, request(http.MethodPost, w.node.host(), paths.Country, form,
			"Cookie", "nightlatch="+token("pending", 1+i), "Sec-Fetch-Site", "same-origin",
			"HX-Request", "true", "HX-Request-Type", "partial"))
	}
	var count atomic.Int64
	return target{name: "flag", uses: []string{w.node.name, postgresName}, run: func(d time.Duration) outcome {
		return closed(w.node.addr, connections, d, &count, gets(func(i int) []byte {
			return asked[i%len(asked)]
		}))
	}}
}

// measureChecks measures what is asked most: the session check, from memory and not, and the flag of a number.
func measureChecks(b *bench) []result {
	small := b.world(smallName)
	n, d := b.times()
	misses := b.sessions(small, small.data.sessions)
	targets := []target{
		fixed("echo", b.echo, "/", b.echo.name),
		fixed("middlewares", small.node, paths.Health, small.node.name),
		b.remembered(b.checks("hits", small, misses[:hits]), small, misses[:hits]),
		b.checks("misses", small, misses[hits:]),
		b.flags(small),
	}
	if p, asked := b.startPeer(); p != nil {
		var count atomic.Int64
		targets = append(targets, target{name: peerName, uses: []string{peerName}, run: func(d time.Duration) outcome {
			return closed(p.addr, connections, d, &count, gets(func(int) []byte { return asked }))
		}})
	}
	s := b.rounds("checks", n, d, targets...)
	b.mustServe(s, "hits", "misses", "flag")
	return []result{
		b.besidePeers(s),
		{id: "G1", conditions: []condition{
			atLeast("rate", s.ratio("hits", "echo", rateOf), 0.60, " × Echo"),
			atMost("CPU", s.ratio("hits", "echo", cpuOf), 1.9, " × Echo"),
		}, remark: "Echo with our middlewares " + s.ratio("middlewares", "echo", rateOf).String() + ", CPU " +
			s.ratio("middlewares", "echo", cpuOf).String()},
		{id: "G2", conditions: []condition{
			atLeast("rate", s.ratio("misses", "echo", rateOf), 0.18, " × Echo"),
		}},
		{id: "G5", conditions: []condition{
			atLeast("rate", s.ratio("flag", "echo", rateOf), 0.33, " × Echo"),
			atMost("CPU", s.ratio("flag", "echo", cpuOf), 4, " × Echo"),
		}},
	}
}

// mustServe ends the run when more than one act in a hundred of these targets failed: figures of refusals are none.
func (b *bench) mustServe(s series, names ...string) {
	for _, name := range names {
		done, failed := 0.0, s.failures(name)
		for _, r := range s.rounds {
			done += r[name].rate
		}
		if failed > 0 && float64(failed) > done/100 {
			b.t.Fatalf("%s: %d acts failed", name, failed)
		}
	}
}
