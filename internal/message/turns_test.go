package message_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/message"
)

// Vonage takes 30 a second.
func TestNoSecondBringsAProviderMoreThanItsRateAndAFifth(t *testing.T) {
	t.Parallel()
	for rate, burst := range map[int]int{1: 1, 4: 1, 9: 1, 10: 2, 25: 5, 30: 5, 1000: 5} {
		gap, lag, spare := message.Turns(rate)
		if atOnce := int(lag/gap) + 1; gap != time.Second/time.Duration(rate) || atOnce != burst || spare*2 != lag {
			t.Errorf("at %d a second %d go at once every %s, and %s are left to log-ins", rate, atOnce, gap, spare)
		}
		if rate > 4 && burst*5 > max(rate, 25) {
			t.Errorf("%d at once are more than a fifth of %d", burst, rate)
		}
	}
}

// The gaps are hours, so that no test is too slow for them.
func TestTurnsThatNobodyTookAreCaughtUpOnAndSomeAreLeftToLogIns(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	take := func(provider string, patience time.Duration) (waits float64, got bool) {
		t.Helper()
		waits, err := dbsqlc.New().ProviderTake(t.Context(), f.pool, dbsqlc.ProviderTakeParams{
			Name: provider, Gap: time.Hour, Lag: 4 * time.Hour, Patience: patience, ProbeEvery: time.Second,
		})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		return waits, err == nil
	}
	f.Exec("insert into providers (name, next_turn_at) values ('idle', now() - interval '1 day')")
	for _, provider := range []string{"new", "idle"} {
		others := 0
		for _, got := take(provider, -2*time.Hour); got; _, got = take(provider, -2*time.Hour) {
			others++
		}
		if others != 3 {
			t.Errorf("%s: others took %d turns at once", provider, others)
		}
		for range 2 {
			if waits, got := take(provider, time.Hour); !got || waits > 0 {
				t.Errorf("%s: a log-in waits %f s for the turn that was left to it: %t", provider, waits, got)
			}
		}
		if waits, got := take(provider, time.Hour); !got || waits < 3500 {
			t.Errorf("%s: the sixth waits %f s: %t", provider, waits, got)
		}
	}
}
