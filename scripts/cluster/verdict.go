package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

const (
	// slack is how much longer than the failover people may be refused: HAProxy's question whether a node is ready comes
	// twice a second, and PgBouncer tries once a second.
	slack = 2 * time.Second
	// mayHaveSent is how many calls of one code may have sent it: docs/adr/0022-dead-workers.md.
	mayHaveSent = 2
)

// judge prints what people saw, and fails the run for what does not hold.
func (c *cluster) judge(w *crowd, watch *watch, acts []act) {
	fmt.Printf("\nlog-ins            %d tried, %d accepted, %d begun anew, %d given up\n",
		w.tried, len(w.accepted), len(w.lost), w.tried-len(w.accepted))
	for _, a := range acts {
		c.judgeAct(w, a)
	}
	c.judgeKept(w)
	c.judgeWrites(watch)
	c.judgeCodes(w)
	if len(w.accepted) < w.tried {
		c.t.Errorf("%d gave up", w.tried-len(w.accepted))
	}
	for _, why := range w.lost {
		c.t.Errorf("begun anew, %s", why)
	}
	for _, node := range c.nodes {
		text, err := os.ReadFile(node.log)
		if err != nil || strings.Contains(string(text), "status=500") || strings.Contains(string(text), "panic:") {
			c.t.Errorf("%s had a fault of its own (%v): %s", node.name, err, faults(string(text)))
		}
	}
}

// judgeAct holds the time in which people were refused against that of the failover.
func (c *cluster) judgeAct(w *crowd, a act) {
	refused := w.between(a.killed.Add(-slack), a.until)
	last, why := a.killed, map[string]int{}
	for _, r := range refused {
		if r.began.After(last) {
			last = r.began
		}
		why[r.why]++
	}
	took, over := last.Sub(a.killed), a.over.Sub(a.killed)
	fmt.Printf("%-18s %s until writes are taken again; refused for %s, %d answers %v\n", a.what+" killed", seconds(over),
		seconds(took), len(refused), why)
	if took > over+slack {
		c.t.Errorf("%s killed: people were refused for %s, %s longer than the failover", a.what, seconds(took),
			seconds(took-over))
	}
}

// judgeKept asks whether everybody who was let in still is, and has a row.
func (c *cluster) judgeKept(w *crowd) {
	gone := 0
	var users []string
	for _, a := range w.accepted {
		if got := a.insist(http.MethodGet, paths.Me); got.status != http.StatusOK {
			gone++
			c.t.Errorf("%s was let in, and is at %s (%d)", a.user, got.location, got.status)
		}
		users = append(users, a.user)
	}
	rows := w.Count(`select count(*) from users u where username = any($1)
		and exists (select from sessions s where s.user_id = u.id and s.level = 2 and s.ended_at is null)
		and exists (select from audit_events e where e.actor_id = u.id and e.action = 'signed_in')`, users)
	fmt.Printf("accepted log-ins   %d lost; %d of %d have their user, session and event\n", gone, rows, len(users))
	if rows != len(users) {
		c.t.Errorf("%d of those who were let in have no user, session or event", len(users)-rows)
	}
}

// judgeWrites asks for every row whose commit was told.
func (c *cluster) judgeWrites(watch *watch) {
	gone, of, err := watch.lost(context.Background())
	fmt.Printf("commits            %d lost of %d that were told\n", gone, of)
	if err != nil || gone > 0 {
		c.t.Errorf("%d commits are lost (%v)", gone, err)
	}
}

// judgeCodes counts the calls of each code at the provider.
func (c *cluster) judgeCodes(w *crowd) {
	calls := map[string]int{}
	for _, m := range w.SMS.Received() {
		ref, _, _ := strings.Cut(m.Ref, ".")
		calls[ref]++
	}
	twice, most := 0, 0
	for _, n := range calls {
		if most = max(most, n); n > 1 {
			twice++
		}
	}
	fmt.Printf("codes              %d, of which %d were sent more than once, at most %d times\n", len(calls), twice, most)
	if most > mayHaveSent {
		c.t.Errorf("a code was sent %d times", most)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// faults are the first lines of a log that tell of one.
func faults(log string) string {
	var found []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "status=500") || strings.Contains(line, "panic:") {
			found = append(found, line)
		}
	}
	return strings.Join(slices.Compact(found[:min(len(found), 3)]), "")
}
