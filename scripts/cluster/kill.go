package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// act is one thing that was killed, and how long it took until all was well.
type act struct {
	what   string
	killed time.Time
	over   time.Time // writes are taken again; the moment of the kill where nothing was to be waited for
	until  time.Time // of what people saw
}

// kill lets people log in, kills the primary and then a node, and returns what they saw.
func (c *cluster) kill(ctx context.Context) {
	w := c.newCrowd(1000)
	c.setUp(w.Env)
	c.startNodes()
	c.await(c.patroni[0], "a commit waits for a standby", func() bool {
		following, waitedFor := c.standbys()
		return following == members-1 && (waitedFor > 0 || !c.synchronous)
	})
	watch := c.newWatch()
	coming, stop := context.WithCancel(ctx)
	watching, unwatch := context.WithCancel(ctx)
	var people, watcher sync.WaitGroup
	people.Go(func() { w.come(coming, c.rate) })
	watcher.Go(func() { watch.run(watching) })
	c.quiet("people log in", 10*time.Second)
	acts := []act{c.killPrimary(watch), c.killNode()}
	stop()
	people.Wait()
	unwatch()
	watcher.Wait()
	c.judge(w, watch, acts)
}

// quiet lets things go on for a while.
func (c *cluster) quiet(what string, d time.Duration) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), what)
	time.Sleep(d)
}

// lastWords is how long the network carries nothing of the primary's to its standbys before it dies: what it commits
// then without waiting for them is lost.
const lastWords = time.Second

// killPrimary kills the machine of the primary: PostgreSQL with all its processes, and Patroni. It starts again when
// another one is the primary, as a standby of that.
func (c *cluster) killPrimary(w *watch) act {
	i := c.primary()
	if i < 0 {
		c.t.Fatal("there is no primary to kill")
	}
	name := c.Members[i].Name
	c.silence(c.Members[i], lastWords)
	a := act{what: "the primary", killed: time.Now()}
	c.killServer(c.Members[i])
	c.patroni[i].kill()
	c.quiet("the primary is killed: "+name, 0)
	c.await(c.patroni[(i+1)%members], "writes are taken again", func() (ok bool) {
		a.over, ok = w.after(a.killed.Add(watchWithin)) // what was on its way came to its end
		return ok
	})
	c.quiet(fmt.Sprintf("writes are taken again, by %s", c.Members[max(0, c.primary())].Name), 15*time.Second)
	a.until = time.Now()
	c.startMember(i)
	c.await(c.patroni[i], name+" follows", func() bool { n, _ := c.standbys(); return n == members-1 })
	c.quiet(name+" is back, as a standby", 5*time.Second)
	return a
}

// killNode kills a node, and starts it again.
func (c *cluster) killNode() act {
	a := act{what: "a node", killed: time.Now()}
	c.nodes[0].kill()
	a.over = a.killed
	c.quiet("a node is killed", 10*time.Second)
	a.until = time.Now()
	c.nodes[0] = c.startNode(0)
	c.quiet("the node is back", 5*time.Second)
	return a
}
