package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// The rows that the invariants are judged by.
type (
	challengeRow struct {
		ID, UserID, SessionID int64
		Ref, Purpose, Outcome string // Outcome "" lives
		Tries, SendsAsked     int
		Expired               time.Duration // for how long
	}
	messageRow struct {
		ID, ChallengeID int64
		SendNo          int
		State, Reason   string
		Final           bool
		Sent            int // calls that the provider took
	}
	jobRow struct {
		ID, ChallengeID int64
		SendNo          int
		State           string
	}
	sessionRow struct {
		ID, UserID int64
		Level      int
	}
	auditRow struct {
		ID, Actor, Subject int64
		Action, Detail     string
	}
	failureRow struct {
		UserID int64
		InARow int
	}
)

// sample is one reading of a counter, with how many successes and resets of its user were on record in the same moment.
type sample struct {
	counter   string
	id        int64
	value     int
	successes int
}

// evidence is everything that was found after a run: on the users' side, in the database, and at the provider.
type evidence struct {
	acts       []act
	calls      []smstest.Message
	samples    []sample // in the order they were read
	challenges []challengeRow
	messages   []messageRow
	jobs       []jobRow
	sessions   []sessionRow
	audit      []auditRow
	failures   []failureRow
}

// gather reads the database's part.
func (e *evidence) gather(ctx context.Context, pool *pgxpool.Pool) error {
	for _, part := range []struct {
		name string
		read func() error
	}{
		{"challenges", into(ctx, pool, &e.challenges, `select id, user_id, session_id, ref, purpose, coalesce(outcome, ''),
			tries::int, sends_asked::int,
			(extract(epoch from now() - expires_at) * 1e9)::bigint from challenges order by id`)},
		{"messages", into(ctx, pool, &e.messages, `select id, challenge_id, send_no::int, state, reason, final,
			(select count(*) from sends s where s.message_id = m.id and s.state = 'sent')::int from messages m order by id`)},
		{"jobs", into(ctx, pool, &e.jobs, `select id, (args->>'challenge_id')::bigint, (args->>'send_no')::int, state::text
			from river_job where kind = 'send_code' order by id`)},
		{"sessions", into(ctx, pool, &e.sessions, "select id, user_id, level::int from sessions order by id")},
		{"audit", into(ctx, pool, &e.audit, "select id, coalesce(actor_id, 0), coalesce(subject_id, 0), action, detail "+
			"from audit_events order by id")},
		{"failures", into(ctx, pool, &e.failures, "select user_id, sum(in_a_row)::int from factor_failures "+
			"group by user_id order by user_id")},
	} {
		if err := part.read(); err != nil {
			return fmt.Errorf("read %s: %w", part.name, err)
		}
	}
	return nil
}

func into[T any](ctx context.Context, pool *pgxpool.Pool, to *[]T, sql string) func() error {
	return func() error {
		rows, err := pool.Query(ctx, sql)
		if err != nil {
			return err
		}
		*to, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	}
}

// Successes are what may set a counter back: written in the transaction that does.
const successes = "('signed_in', 'factor_confirmed_again', 'number_confirmed', 'number_changed', " +
	"'authenticator_added', 'two_factor_reset')"

// counters reads every counter, with the successes of its user, in one statement: one moment.
const counters = `with won as (
		select person, count(*)::int as n from (
			select actor_id as person from audit_events where action in ` + successes + `
			union all select subject_id from audit_events where action in ` + successes + `) a
		where person is not null group by person)
	select 'wrong factors in a row', f.user_id * 2 + f.stranger::int, f.in_a_row::int, coalesce(w.n, 0)
		from factor_failures f left join won w on w.person = f.user_id
	union all select 'tries of a challenge', c.id, c.tries::int, 0 from challenges c
		where c.created_at > now() - interval '1 hour'
	union all select 'messages of a challenge', c.id, c.sends_asked::int, 0 from challenges c
		where c.created_at > now() - interval '1 hour'
	union all select 'tries of a session', s.id, s.proof_tries::int, coalesce(w.n, 0)
		from sessions s left join won w on w.person = s.user_id
		where s.created_at > now() - interval '5 minutes'`

// watch samples the counters until the run is over; a database that is down is asked again.
func (c *chaos) watch(ctx context.Context) []sample {
	var samples []sample
	type key struct {
		counter string
		id      int64
	}
	last := map[key]sample{}
	for ctx.Err() == nil {
		rows, err := c.pool.Query(ctx, counters)
		if err == nil {
			var now []sample
			now, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sample, err error) {
				return s, row.Scan(&s.counter, &s.id, &s.value, &s.successes)
			})
			for _, s := range now {
				if err == nil && last[key{s.counter, s.id}] != s {
					last[key{s.counter, s.id}] = s
					samples = append(samples, s)
				}
			}
		}
		wait := 250 * time.Millisecond
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return samples
}
