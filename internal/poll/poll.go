// Package poll answers pages that ask every second whether there is something new, most of them without asking the
// database: what there is to say is read for all of them at once.
package poll

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	// beat is how often news are read while a page waits for some.
	beat = 500 * time.Millisecond
	// believed is how long news count that were read: longer than one reading may take, and no longer than a reader
	// bears to wait when the database does not answer.
	believed = 2 * time.Second
	// quietFor is how long a page is answered from memory at most. Whatever else its answer is made of (a user who was
	// disabled, another policy of the office) is looked at then.
	quietFor = 10 * time.Second
	// gone is after which a page that no longer asks has left.
	gone = 5 * time.Second
	// most is how many pages are remembered; one takes about 400 bytes.
	most = 50_000
)

// hash names a session.
type hash = [32]byte

// News returns a text for each session, by the hash of its token: another text, or none, says that there may be
// something new.
type News func(ctx context.Context, tokens [][]byte) (map[hash]string, error)

// Memory knows which pages show what is true.
type Memory struct {
	news   News
	now    func() time.Time
	logger *slog.Logger

	mu    sync.Mutex
	read  time.Time // before the news were asked for that pages have
	pages map[hash]*page
}

// page is the last one of a session that asked, and showed what is true.
type page struct {
	look  Look
	until time.Time
	asked time.Time
	news  string // "" while it is unknown
}

// Look is what was known when a page asked.
type Look struct {
	session hash
	asked   string // its address, and what it shows
	news    string
}

// NewMemory returns a Memory that knows nothing.
func NewMemory(news News, now func() time.Time, logger *slog.Logger) *Memory {
	return &Memory{news: news, now: now, logger: logger, pages: map[hash]*page{}}
}

// Look reports whether a page still shows what is true. If it may not, the Look goes to Keep once it was found out.
func (m *Memory) Look(token session.Token, asked string) (look Look, quiet bool) {
	sum := token.Hash()
	if sum == nil {
		return Look{}, false
	}
	look = Look{session: hash(sum), asked: asked}
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pages[look.session]
	if !ok {
		return look, false
	}
	p.asked, look.news = now, p.news
	return look, look.news != "" && p.look == look && now.Before(p.until) && now.Sub(m.read) < believed
}

// Keep notes that a page shows what is true, and will for so long unless there is news.
func (m *Memory) Keep(look Look, during time.Duration) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pages[look.session]
	if !ok {
		if len(m.pages) >= most {
			return
		}
		p = &page{asked: now}
		m.pages[look.session] = p
	}
	p.look, p.until = look, now.Add(min(during, quietFor))
}

// Run reads news until ctx ends.
func (m *Memory) Run(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := m.Read(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			m.logger.WarnContext(ctx, "news of messages are not read: every page that waits asks by itself", "error", err)
		}
		failed = err != nil
	}
}

// Read reads the news of all pages that wait.
func (m *Memory) Read(ctx context.Context) error {
	began := m.now()
	waiting := m.waiting(began)
	if len(waiting) == 0 {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, believed)
	defer cancel()
	found, err := m.news(within, waiting)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read = began
	for _, token := range waiting {
		if p, ok := m.pages[hash(token)]; ok {
			p.news = found[hash(token)]
		}
	}
	return nil
}

// waiting returns the sessions whose pages wait, and forgets the others.
func (m *Memory) waiting(now time.Time) (tokens [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for token, p := range m.pages {
		if now.Sub(p.asked) > gone {
			delete(m.pages, token)
			continue
		}
		tokens = append(tokens, token[:])
	}
	return tokens
}
