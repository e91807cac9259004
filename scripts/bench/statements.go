package main

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

var (
	// logged is the beginning of a statement in PostgreSQL's log.
	logged = regexp.MustCompile(`(?m)^\S+ \S+ \S+ \[\d+\] LOG:  (?:execute [^:]*|statement): `)
	// writes is the beginning of what changes rows.
	writes = regexp.MustCompile(`(?is)^(?:\s*--[^\n]*\n)*\s*(?:with .*)?\b(insert into|update|delete from)\b`)
)

// statements are what PostgreSQL was asked while act ran, without the begins and ends of transactions.
func (b *bench) statements(act func()) []string {
	b.t.Helper()
	before := b.serverLog()
	act()
	time.Sleep(100 * time.Millisecond) // what is written after the answer
	text := b.serverLog()[len(before):]
	var all []string
	at := logged.FindAllStringIndex(text, -1)
	for i, found := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		one := strings.TrimSpace(text[found[1]:end])
		if word, _, _ := strings.Cut(one, " "); !slices.Contains([]string{"begin", "commit", "rollback", "--"}, word) ||
			strings.HasPrefix(one, "-- name:") {
			all = append(all, one)
		}
	}
	return all
}

func (b *bench) serverLog() string {
	text, err := os.ReadFile(b.postgresLog)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// writing are the statements that change rows.
func writing(all []string) (found []string) {
	for _, one := range all {
		if writes.MatchString(one) {
			found = append(found, one)
		}
	}
	return found
}

// enqueuing are the statements that enqueue a code, as jobs/statements_test.go has them.
func enqueuing(all []string) (found []string) {
	named := func(name string) func(string) bool {
		return func(one string) bool { return strings.HasPrefix(one, "-- name: "+name+" ") }
	}
	first, last := slices.IndexFunc(all, named("LimitHold")), slices.IndexFunc(all, named("PGNotifyMany"))
	if first < 0 || last < first {
		return nil
	}
	return all[first : last+1]
}

// askedEvery is how often a page that waits asks.
const askedEvery = time.Second

// counts are how many statements the acts of a log-in took, the least of some tries: others ask in between.
type counts map[string]float64

func (c counts) least(what string, n int) {
	if old, ok := c[what]; !ok || float64(n) < old {
		c[what] = float64(n)
	}
}

// measureStatements counts the statements of a log-in over a node of its own, whose connections are logged.
func measureStatements(b *bench) []result {
	w := b.world(smallName)
	w.settled()
	b.admin(w.name, "alter role "+localpg.Database+" set log_statement = 'all'")
	node := b.node("counted", w.Env, "--only", "web")
	b.admin(w.name, "alter role "+localpg.Database+" reset log_statement")
	defer b.stop(node)
	c := counts{}
	for try := range 3 {
		b.countLogIn(w, node, c, crowd-try)
		asked := b.checkOf(w, w.data.sessions/2-try)
		check := &client{addr: node.addr}
		missed := b.statements(func() { b.ask(check, asked) })
		check.close()
		c.least("check", len(missed))
		c.least("check writes", len(writing(missed)))
	}
	return []result{
		{id: "G15", conditions: []condition{
			atMost("to see the code page", one(c["code page"]), 14, ""), atMost("redirects", one(c["redirects"]), 1, ""),
			atMost("verify", one(c["verify"]), 8, ""), atMost("a poll without news", one(c["poll"]), 0, ""),
		}, remark: "the log-in itself " + digits(c["log-in"])},
		{id: "G2", conditions: []condition{
			atMost("statements", one(c["check"]), 1, ""), atMost("writes", one(c["check writes"]), 0, ""),
		}},
		{id: "G7", conditions: []condition{atMost("statements to enqueue", one(c["enqueue"]), 5, "")}},
	}
}

// countLogIn logs in as a user of the office SEND, and counts what each act took.
func (b *bench) countLogIn(w *world, node *process, c counts, user int) {
	v := newVisit(node, &client{addr: node.addr})
	defer v.close()
	name := "send" + strconv.Itoa(user)
	form := url.Values{"office": {"SEND"}, "username": {name}, "password": {program.Password}}
	redirects := 0
	var all []string
	path, method := paths.Login, http.MethodPost
	for path != "" {
		var a answer
		one := b.statements(func() { a = v.must(b, method, path, form) })
		if method == http.MethodPost {
			c.least("log-in", len(one))
			c.least("enqueue", len(enqueuing(one)))
		}
		all = append(all, one...)
		if path, method, form = a.location, http.MethodGet, nil; path != "" {
			redirects++
		}
	}
	c.least("code page", len(all))
	c.least("redirects", redirects)
	number := w.Ask("select ltrim(number, '+') from mobile_numbers m join users u on u.id = m.user_id where username = $1",
		name)
	text := ""
	program.Eventually(w.T, patience, "the code arrives", func() bool {
		text = b.provider.text(number)
		return text != ""
	})
	v.must(b, http.MethodGet, paths.LoginMessage, nil)
	time.Sleep(askedEvery) // by then the node has read what is new for the pages that wait
	c.least("poll", len(b.statements(func() { v.must(b, http.MethodGet, paths.LoginMessage, nil) })))
	proof := url.Values{"code": {program.CodeIn(w.T, text)}}
	c.least("verify", len(b.statements(func() { v.must(b, http.MethodPost, paths.LoginCode, proof) })))
}

// must asks once, without following.
func (v *visit) must(b *bench, method, path string, form url.Values) answer {
	b.t.Helper()
	a, err := v.ask(method, path, form)
	if err != nil || a.status >= http.StatusBadRequest {
		b.t.Fatalf("%s %s: %d %v", method, path, a.status, err)
	}
	return a
}
