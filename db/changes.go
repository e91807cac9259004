package db

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Scope is what a change is about.
type Scope uint8

// The scopes, as the function tell_change names them.
const (
	ScopeSession Scope = iota + 1
	ScopeUser
	ScopeOffice
	ScopeApplication
)

// Change says that what was read about one session, user, office or application may not be so any more.
type Change struct {
	Scope Scope
	ID    int64
}

// parseChange reads what tell_change writes: "session 12".
func parseChange(text string) (Change, error) {
	name, number, _ := strings.Cut(text, " ")
	id, err := strconv.ParseInt(number, 10, 64)
	scope := map[string]Scope{
		"session": ScopeSession, "user": ScopeUser, "office": ScopeOffice, "application": ScopeApplication,
	}[name]
	if err != nil || scope == 0 {
		return Change{}, fmt.Errorf("%q is no change that this program knows", text)
	}
	return Change{scope, id}, nil
}

const (
	// MemoryAge is the greatest age of what is kept in memory, whatever was told about it.
	MemoryAge = 30 * time.Second
	// deafAfter is how long nothing may be heard of the database before nothing is believed that was read from it.
	deafAfter = time.Second
)

// Mark is a point in the order of changes.
type Mark uint64

// Changes knows what was changed lately, so that what was read before can be kept in memory. Listen and every Pool that
// is made with it tell it: a Pool of what this process commits, at once, and Listen of what any process does.
type Changes struct {
	now   func() time.Time
	mu    sync.RWMutex
	next  Mark
	from  Mark // what was read before it counts for nothing
	heard time.Time
	turn  time.Time
	// A change is remembered for MemoryAge at least, and for twice as long at most.
	recent, older map[Change]Mark
}

// NewChanges returns a Changes that knows nothing: until Listen hears the database, nothing may be kept.
func NewChanges(now func() time.Time) *Changes {
	return &Changes{now: now, next: 1, from: 1, turn: now(), recent: map[Change]Mark{}}
}

// Mark returns the mark to take before something is read that is to be kept.
func (c *Changes) Mark() Mark {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.next
}

// Hold reports whether what was read at a mark, at most MemoryAge ago, still holds: nothing that it is about was
// changed since, as far as this process can know, and this process would have been told.
func (c *Changes) Hold(since Mark, about ...Change) bool {
	now := c.now()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if since < c.from || now.Sub(c.heard) > deafAfter {
		return false
	}
	for _, a := range about {
		if c.recent[a] > since || c.older[a] > since {
			return false
		}
	}
	return true
}

// Tell notes a change.
func (c *Changes) Tell(change Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	if now := c.now(); now.Sub(c.turn) > MemoryAge {
		c.older, c.recent, c.turn = c.recent, map[Change]Mark{}, now
	}
	c.recent[change] = c.next
}

// Forget makes everything that was read before count for nothing.
func (c *Changes) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	c.from = c.next
}

// Hear notes that everything was told that the database had to tell at this moment.
func (c *Changes) Hear(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = at
}

// noticeClass is the SQLSTATE of a notice of tell_change.
const noticeClass = "NL000"

// CollectChanges makes the connections of a pool bring back what they change: see NewPool.
func CollectChanges(cfg *pgxpool.Config) { cfg.ConnConfig.OnNotice = collect }

// collect keeps the changes that a statement tells until its transaction is committed.
func collect(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.Code != noticeClass {
		return
	}
	if change, err := parseChange(n.Message); err == nil {
		kept, _ := conn.CustomData()[noticeClass].([]Change)
		conn.CustomData()[noticeClass] = append(kept, change)
	}
}

// tell tells the changes that a connection collected. One too many does no harm: what is kept is read once more.
func (p *Pool) tell(conn *pgxpool.Conn) {
	for _, change := range forget(conn) {
		for _, changes := range p.changes {
			changes.Tell(change)
		}
	}
}

// forget takes the changes that a connection collected.
func forget(conn *pgxpool.Conn) []Change {
	data := conn.Conn().PgConn().CustomData()
	kept, _ := data[noticeClass].([]Change)
	if kept != nil {
		delete(data, noticeClass)
	}
	return kept
}
