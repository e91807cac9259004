package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// ever is more calls than a run makes.
const ever = 1 << 30

// modes are what the provider may do for a while.
var modes = []struct {
	name string
	step func() smstest.Step
}{
	{"throttled", func() smstest.Step { return smstest.Status("1") }},
	{"429", func() smstest.Step { return smstest.RetryAfter(429, "1") }},
	{"500", func() smstest.Step { return smstest.HTTP(500) }},
	{"503", func() smstest.Step { return smstest.HTTP(503) }},
	{"hanging", smstest.Hang},
	{"slow", func() smstest.Step { return smstest.Slow(3 * time.Second) }},
	{"accepted then reset", smstest.Reset},
	{"garbage", smstest.Garbage},
	{"an empty list", smstest.Empty},
	{"number refused", func() smstest.Step { return smstest.Status("6") }},
	{"account refused", func() smstest.Step { return smstest.Status("9") }},
}

// fault is one kind of trouble with how often it is drawn. strike makes it; what lasts goes on in the background.
type fault struct {
	name   string
	weight int
	strike func(c *chaos, r *rand.Rand) (detail string)
}

func faults() []fault {
	all := []fault{
		{"provider", 8, func(c *chaos, r *rand.Rand) string {
			m, lasts := program.AnyOf(r, modes...), time.Duration(1+r.IntN(5))*time.Second
			c.provider.Script(m.step().Times(ever))
			c.background(func() {
				c.sleep(lasts)
				c.provider.Script()
			})
			return m.name
		}},
		{"kill", 3, func(c *chaos, r *rand.Rand) string {
			m := program.AnyOf(r, c.members...)
			m.Signal(syscall.SIGKILL)
			return m.Name
		}},
		{"stop", 3, func(c *chaos, r *rand.Rand) string {
			m, lasts := program.AnyOf(r, c.members...), time.Duration(1000+r.IntN(4000))*time.Millisecond
			c.background(func() { m.Pause(lasts) })
			return m.Name
		}},
		{"terminate", 2, func(c *chaos, r *rand.Rand) string {
			m := program.AnyOf(r, c.members...)
			m.Signal(syscall.SIGTERM)
			return m.Name
		}},
		{"database restart", 1, func(c *chaos, r *rand.Rand) string {
			c.pg.Restart(time.Duration(r.IntN(1000)) * time.Millisecond)
			return ""
		}},
		{"backends", 3, func(c *chaos, r *rand.Rand) string {
			where := program.AnyOf(r, "true", program.Listening, "state = 'idle in transaction'", "random() < 0.3")
			c.exec("select pg_terminate_backend(pid) from pg_stat_activity where " + program.Ours + " and " + where)
			return where
		}},
		{"lock", 4, func(c *chaos, r *rand.Rand) string {
			what := program.AnyOf(r,
				"select 1 from users where id = (select id from users order by random() limit 1) for update",
				"select 1 from challenges where ended_at is null for update",
				"select 1 from messages where not final for update",
				"select 1 from factor_failures for update",
				"lock table audit_events in exclusive mode")
			lasts := time.Duration(500+r.IntN(3500)) * time.Millisecond
			c.background(func() { _ = program.HoldWhile(c.pg.URL(), lasts, what) })
			return what
		}},
	}
	if program.Long() {
		all = append(all, fault{"stop of 90 s", 1, func(c *chaos, r *rand.Rand) string {
			if !c.asleep.CompareAndSwap(false, true) {
				return "another sleeps already"
			}
			m := program.AnyOf(r, c.members[1:]...) // one node stays
			c.background(func() {
				defer c.asleep.Store(false)
				m.Pause(90 * time.Second)
			})
			return m.Name
		}})
	}
	return all
}

// inject makes faults until the time is over, drawn like cards: every kind comes, as often as its weight says. It runs
// in the test's own goroutine.
func (c *chaos) inject(until time.Time, r *rand.Rand) {
	var deck []fault
	for {
		c.sleep(time.Duration(300+r.IntN(1500)) * time.Millisecond)
		if !time.Now().Before(until) {
			return
		}
		if len(deck) == 0 {
			for _, f := range faults() {
				deck = append(deck, slices.Repeat([]fault{f}, f.weight)...)
			}
			r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		f := deck[0]
		deck = deck[1:]
		began := time.Now()
		detail := f.strike(c, r)
		name := f.name
		if name == "provider" {
			name += " " + detail
		}
		c.struck[name]++
		c.chronicle = append(c.chronicle, fmt.Sprintf("%s %s %s", began.Format("15:04:05.000"), f.name, detail))
	}
}
