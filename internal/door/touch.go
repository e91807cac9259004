package door

import (
	"context"
	"log/slog"
	"time"
)

const (
	// touchEvery is how often it is written who was here, in one statement for all.
	touchEvery = 2 * time.Second
	// mostTouches wait; what comes beyond them is written with a later request of the same browser.
	mostTouches = 4096
)

// touch notes that the user of an entry was here: at most once while the entry is kept.
func (s *Service) touch(e *entry) {
	if !e.toTouch || !e.touched.CompareAndSwap(false, true) {
		return
	}
	select {
	case s.touches <- e.SessionID:
	default:
	}
}

// KeepAlive writes, until ctx ends, which sessions were used: a session whose applications are used does not end for
// want of a request.
func (s *Service) KeepAlive(ctx context.Context, logger *slog.Logger) {
	every := time.NewTicker(touchEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		ids := make([]int64, 0, len(s.touches))
		for range cap(ids) {
			ids = append(ids, <-s.touches)
		}
		if len(ids) == 0 {
			continue
		}
		if err := s.q.SessionTouchMany(ctx, s.pool, ids); err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "note which sessions are used", "sessions", len(ids), "error", err)
		}
	}
}
