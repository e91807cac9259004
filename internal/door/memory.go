package door

import (
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/nightlatch/nightlatch/db"
)

// kept is how many browsers' sessions a process remembers; one takes about 1.5 kB.
const kept = 50_000

// memory holds what checks read, while it holds.
type memory struct {
	changes *db.Changes
	now     func() time.Time
	cache   *otter.Cache[[32]byte, *entry]
}

func newMemory(changes *db.Changes, now func() time.Time) (*memory, error) {
	cache, err := otter.New(&otter.Options[[32]byte, *entry]{
		MaximumSize: kept, ExpiryCalculator: otter.ExpiryWriting[[32]byte, *entry](db.MemoryAge),
	})
	if err != nil {
		return nil, fmt.Errorf("make the memory of checks: %w", err)
	}
	return &memory{changes, now, cache}, nil
}

// get returns what was read for a token, if it still holds.
func (m *memory) get(key [32]byte) (*entry, bool) {
	e, ok := m.cache.GetIfPresent(key)
	if !ok {
		return nil, false
	}
	if now := m.now(); now.Sub(e.read) > db.MemoryAge || !e.at(now).Before(e.until) {
		return nil, false
	}
	about := e.about()
	return e, m.changes.Hold(e.mark, about[:]...)
}

func (m *memory) put(key [32]byte, e *entry) { m.cache.Set(key, e) }
