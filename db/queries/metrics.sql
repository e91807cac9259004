-- What a scrape of the metrics asks, every few seconds on every node: index reads, and tables of a few rows.

-- name: MetricsQueues :many
-- Waiting and running jobs. River's index for fetching begins with state and queue.
select queue, state::text as state, count(*)::bigint as jobs
from river_job
where state in ('available', 'retryable', 'scheduled', 'running')
group by queue, state;

-- name: MetricsQueueAges :many
-- How long the oldest job has been due and not been taken: a retry that waits for its time is not late.
select queue, greatest(extract(epoch from now() - min(scheduled_at)), 0)::float8 as seconds
from river_job
where state in ('available', 'retryable', 'scheduled') and scheduled_at <= now()
group by queue;

-- name: MetricsWorking :one
-- Whether any process works jobs: one of them leads, and renews its lease of 15 s every 5 s.
select exists (select from river_leader where expires_at > now())::boolean as working;

-- name: MetricsPausedQueues :many
select name from river_queue where paused_at is not null order by name;

-- name: MetricsChallenges :many
select coalesce(outcome, 'live')::text as outcome, count(*)::bigint as challenges
from challenges
where created_at > now() - interval '1 hour'
group by 1;

-- name: MetricsMessages :many
select channel, state, count(*)::bigint as messages
from messages
where queued_at > now() - interval '1 hour'
group by channel, state;

-- name: MetricsProviders :many
-- A balance that no provider has told yet is not a number.
select name, (open_since is not null)::boolean as open, open_class, open_status,
    coalesce(balance::float8, 'NaN')::float8 as balance,
    coalesce(extract(epoch from now() - open_since), 0)::float8 as open_seconds
from providers
order by name;

-- name: MetricsPrefixes :one
select count(*)::bigint as stopped from stopped_prefixes;

-- name: MetricsLetIn :one
-- Who waits for help, and who is let in without a second factor for a while.
select (select count(*) from living_help_requests)::bigint as asking,
    (select count(*) from sessions where pass_until > now() and ended_at is null)::bigint as passes,
    (select count(*) from exemptions where until > now() and ended_at is null)::bigint as exempt;

-- name: MetricsSpend :one
-- Money of this month, in the provider's currency, against the caps; not a number is no cap.
select
    (select coalesce(sum(cost), 0) from costs where month = this_month())::float8 as spent,
    coalesce((select money_cap from installation)::float8, 'NaN')::float8 as cap,
    (select count(*) from offices o
        where o.money_cap is not null and cap_is_near(o.money_cap, (
            select coalesce(sum(c.cost), 0) from costs c where c.office_id = o.id and c.month = this_month()
        )))::bigint as offices_near_cap;
