package main

import (
	"context"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
)

// crowd is how many users the offices of log-ins have.
const crowd = 2000

// logIn is the request of a log-in: the user of a number of an office whose users are named for it.
func logIn(w *world, office, user string, i int) []byte {
	form := url.Values{
		"office": {office}, "username": {user + strconv.Itoa(1+i%crowd)}, "password": {program.Password},
		"meant": {strconv.Itoa(i)},
	}
	return request(http.MethodPost, w.node.host(), paths.Login, form, "Sec-Fetch-Site", "same-origin")
}

// logIns is the target of log-ins without a second factor.
func logIns(w *world) target {
	var count atomic.Int64
	return target{name: "log-ins", uses: []string{w.node.name, postgresName}, run: func(d time.Duration) outcome {
		return closed(w.node.addr, connections, d, &count, gets(func(i int) []byte {
			return logIn(w, "PLAIN", "plain", i)
		}))
	}}
}

// hashes is the control of log-ins: as many hashes at once as the program makes, and nothing else.
func hashes() target {
	pool := max(1, runtime.NumCPU()-1)
	return target{name: "hashes", uses: []string{"bench"}, run: func(d time.Duration) outcome {
		until := time.Now().Add(d)
		return crew("", pool, func(*client) (o outcome) {
			hasher := account.NewHasher(account.OWASP())
			for time.Now().Before(until) {
				if _, err := hasher.Hash(context.Background(), program.Password); err != nil {
					o.failed++
				}
				o.done++
			}
			return o
		})
	}}
}

// measureLogIns measures log-ins against the hashes that they are made of.
func measureLogIns(b *bench) []result {
	small := b.world(smallName)
	n, d := b.times()
	s := b.rounds("log-ins", n, d, hashes(), logIns(small))
	b.mustServe(s, "log-ins")
	return []result{{id: "G4", conditions: []condition{
		atLeast("rate", s.ratio("log-ins", "hashes", rateOf), 0.85, " × (pool ÷ time of one hash)"),
	}, remark: s.of("log-ins", rateOf).String() + " a second"}}
}

// measureBusy measures checks while fifty log in, all at once, again and again.
func measureBusy(b *bench) []result {
	const atOnce, perSecond = 50, 200
	small := b.world(smallName)
	n, d := b.times()
	asked := b.sessions(small, hits)
	forget(small.node.cmd.Process.Pid)
	var count, other atomic.Int64
	s := b.rounds("checks during log-ins", n, d, target{name: "busy", uses: nil, run: func(d time.Duration) outcome {
		var group sync.WaitGroup
		group.Go(func() {
			closed(small.node.addr, atOnce, d, &other, gets(func(i int) []byte { return logIn(small, "PLAIN", "plain", i) }))
		})
		o := open(small.node.addr, atOnce, d, perSecond, &count, gets(func(i int) []byte { return asked[i%len(asked)] }))
		group.Wait()
		return o
	}})
	b.mustServe(s, "busy")
	_, peak := memory(small.node.cmd.Process.Pid)
	late := s.late("busy", 0.99)
	return []result{{id: "G3", conditions: []condition{
		atMost("p99", late, 20, " ms"), atMost("peak memory", one(peak), 250, " MB"),
	}}, {id: "G16", conditions: []condition{
		atMost("p99 during 50 log-ins", late, autheliasP99/20, " ms, a twentieth of Authelia's"),
	}}}
}
