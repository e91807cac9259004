package message

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/sms"
)

const (
	// rateLimiterWait is how far ahead a log-in's turn at a provider may lie; at 25 a second a hundred others come first.
	// With the provider's 8 s it fits into a job's 15 s.
	rateLimiterWait = 4 * time.Second
	// otherWait and otherAsk are for messages that no log-in waits for: they take a turn only when nobody is ahead, and
	// ask again until then.
	otherWait = 2 * time.Second
	otherAsk  = 20 * time.Millisecond
	// probeEvery is how often a provider behind an open breaker is tried: a recovered one works again within it.
	probeEvery = 10 * time.Second
	// throttlePause is how long everybody waits when a provider says "too fast".
	throttlePause = 500 * time.Millisecond
)

// turns are how calls to one provider are spaced, by all processes together.
type turns struct {
	gap time.Duration // between two
	lag time.Duration // how far turns that nobody took may be caught up on
	// spare is the part of lag that is left to log-ins: where others use up the whole rate, a log-in still goes at once.
	spare time.Duration
}

// newTurns spaces rate calls a second. Five calls may come at once, and no more than a fifth of a second's: with 25 a
// second a provider that takes 30 is never given more.
func newTurns(rate int) turns {
	gap := time.Second / time.Duration(rate)
	lag := gap * time.Duration(max(0, min(5, rate/5)-1))
	return turns{gap, lag, lag / 2}
}

// breakers returns what is known about every provider.
func (s *Service) breakers(ctx context.Context) (map[string]breaker, error) {
	rows, err := s.q.ProviderList(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("read the providers: %w", err)
	}
	known := make(map[string]breaker, len(rows))
	for _, r := range rows {
		known[r.Name] = breaker{open: r.Open, account: r.OpenClass == string(sms.Account), probeDue: r.ProbeDue}
	}
	return known, nil
}

// ahead is how far ahead a turn may lie: less than now for messages that no log-in waits for.
func (s *Service) ahead(urgent bool) time.Duration {
	if urgent {
		return rateLimiterWait
	}
	return -s.turns.spare
}

// take takes a turn at the provider, at most so far ahead, and returns how long to wait for it; it reports whether
// there was one.
func (s *Service) take(ctx context.Context, provider string, ahead time.Duration) (time.Duration, bool, error) {
	wait, err := s.q.ProviderTake(ctx, s.pool, dbsqlc.ProviderTakeParams{
		Name: provider, Gap: s.turns.gap, Lag: s.turns.lag, ProbeEvery: probeEvery, Patience: ahead,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("take a turn at %s: %w", provider, err)
	}
	return time.Duration(wait * float64(time.Second)), true, nil
}

// slot waits for a turn at the provider, and reports whether there was one.
func (s *Service) slot(ctx context.Context, provider string, urgent bool) (bool, error) {
	for giveUp := time.Now().Add(otherWait); ; {
		wait, got, err := s.take(ctx, provider, s.ahead(urgent))
		if err != nil {
			return false, err
		}
		if got {
			return true, pause(ctx, wait)
		}
		if urgent || time.Now().After(giveUp) {
			return false, nil
		}
		if err := pause(ctx, otherAsk); err != nil {
			return false, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// updateBreaker tells all processes what a call showed about its provider. It decides nothing about the message,
// and its own failure is told to the log alone.
func (s *Service) updateBreaker(ctx context.Context, provider string, o sms.Outcome) {
	var err error
	switch o.Class {
	case sms.Sent, sms.Number:
		_, err = s.q.ProviderWorks(ctx, s.pool, dbsqlc.ProviderWorksParams{Name: provider, Balance: o.Balance})
	case sms.Wait:
		err = s.q.ProviderThrottled(ctx, s.pool, dbsqlc.ProviderThrottledParams{
			Name: provider, Pause: max(o.After, throttlePause),
		})
	case sms.Retry, sms.Unknown, sms.Account:
		var opened bool
		opened, err = s.q.ProviderFailed(ctx, s.pool, dbsqlc.ProviderFailedParams{
			Name: provider, Class: string(o.Class), Status: o.Status, Reason: string(o.Reason), ProbeEvery: probeEvery,
		})
		if opened {
			s.logger.ErrorContext(ctx, "a provider's breaker opened", "provider", provider, "class", o.Class, "status", o.Status)
		}
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		s.logger.WarnContext(ctx, "note about a provider", "provider", provider, "error", err)
	}
}
