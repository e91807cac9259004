package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// defaultRate is what a provider is given a second where nobody says otherwise: see SMS_RATE.
const defaultRate = 25

// stepUps is the act of asking for the code of a step-up, which is not urgent: one a session.
func stepUps(w *world) act {
	return func(c *client, i int) bool {
		a, err := c.do(request(http.MethodPost, w.node.host(), paths.StepUpSend, nil,
			"Cookie", "nightlatch="+token("full", w.data.sessions-i), "Sec-Fetch-Site", "same-origin"))
		return err == nil && a.status == http.StatusSeeOther
	}
}

// measureOthers measures log-ins while other messages would use more than the whole rate, at a provider that takes 30 a
// second.
func measureOthers(b *bench) []result {
	d := 30 * time.Second
	if b.short {
		d = 5 * time.Second
	}
	w := b.world(ratedName)
	b.provider.rate.Store(providersRate)
	defer b.provider.rate.Store(0)
	throttled := b.provider.throttled.Load()
	var count atomic.Int64
	began := time.Now()
	var others outcome
	var group sync.WaitGroup
	group.Go(func() { others = open(w.node.addr, connections, d, 40, &count, stepUps(w)) })
	time.Sleep(time.Second) // others are first
	before := b.provider.got.Load()
	o := open(w.node.addr, connections, d-time.Second, 5, &w.asked, asks(w))
	used := float64(b.provider.got.Load()-before) / (d - time.Second).Seconds()
	group.Wait()
	if o.failed+others.failed > 0 {
		b.t.Fatalf("%d of %d log-ins and %d of %d others asked for no code", o.failed, o.done+o.failed, others.failed,
			others.done+others.failed)
	}
	took := b.took(w, began, "sign_in")
	b.admin(w.name, "delete from river_job where queue = 'sms_other' and state <> 'running'")
	w.settled()
	return []result{{id: "G9", conditions: []condition{
		atMost("log-in p99", one(millis(percentile(took, 0.99))), 100, " ms"),
		atMost("throttled", one(float64(b.provider.throttled.Load()-throttled)), 0, ""),
		atLeast("used", one(used/defaultRate), 0.95, " × the rate"),
	}, remark: "p50 " + digits(millis(percentile(took, 0.5))) + " ms"}}
}
