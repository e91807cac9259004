package main

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what came of the acts of a slice.
type outcome struct {
	done, failed int
	took         []time.Duration // of each that was done, where times are taken
}

// act does the i-th thing over one of the connections, and reports whether it went as it should.
type act func(c *client, i int) bool

// gets is the act of asking with one request after the other. An answer of 2xx or 3xx is as it should be.
func gets(next func(i int) []byte) act {
	return func(c *client, i int) bool {
		a, err := c.do(next(i))
		return err == nil && a.status < http.StatusBadRequest
	}
}

// crew calls work side by side, each with a connection of its own, and adds up what came of it.
func crew(addr string, size int, work func(c *client) outcome) (all outcome) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for range size {
		group.Go(func() {
			c := &client{addr: addr}
			defer c.close()
			o := work(c)
			mu.Lock()
			defer mu.Unlock()
			all.done, all.failed, all.took = all.done+o.done, all.failed+o.failed, append(all.took, o.took...)
		})
	}
	group.Wait()
	return all
}

// closed is a closed loop for d: each connection acts again as soon as it was answered. count numbers the acts of all
// slices.
func closed(addr string, size int, d time.Duration, count *atomic.Int64, do act) outcome {
	until := time.Now().Add(d)
	return crew(addr, size, func(c *client) (o outcome) {
		for time.Now().Before(until) {
			if do(c, int(count.Add(1)-1)) {
				o.done++
			} else if o.failed++; o.failed%10 == 0 {
				time.Sleep(10 * time.Millisecond) // what is down is not hammered
			}
		}
		return o
	})
}

// open is an open loop for d: acts begin at random moments (Poisson), whatever became of those before, and their time
// counts from the moment that they should have begun at.
func open(addr string, size int, d time.Duration, perSecond float64, count *atomic.Int64, do act) outcome {
	began := time.Now()
	moments := poisson(d, perSecond)
	var next atomic.Int64
	return crew(addr, size, func(c *client) (o outcome) {
		for {
			n := int(next.Add(1) - 1)
			if n >= len(moments) {
				return o
			}
			due := began.Add(moments[n])
			time.Sleep(time.Until(due))
			if do(c, int(count.Add(1)-1)) {
				o.done++
			} else {
				o.failed++
			}
			o.took = append(o.took, time.Since(due))
		}
	})
}

// poisson draws the moments of a Poisson process.
func poisson(d time.Duration, perSecond float64) (moments []time.Duration) {
	at := time.Duration(0)
	for {
		at += time.Duration(rand.ExpFloat64() / perSecond * float64(time.Second)) // #nosec G404 -- arrivals, no secret
		if at >= d {
			return moments
		}
		moments = append(moments, at)
	}
}
