-- name: ProviderList :many
select name, (open_since is not null)::boolean as open, open_class,
    (probe_at is not null and probe_at <= now())::boolean as probe_due
from providers;

-- name: ProviderTake :one
-- The provider's next turn, at most so long ahead: one rate for all processes, first come first served. Turns that
-- nobody took may be caught up on as far as the lag. While its breaker is open one caller at a time gets a turn, as a
-- probe. No row: not now. Nobody waits until a turn is on disk: all others would wait behind its row, and what a crash
-- of the server takes back are milliseconds of the rate.
with turn as (
    select @gap::interval as gap, @lag::interval as lag, set_config('synchronous_commit', 'off', true) as quick
)
insert into providers as p (name, next_turn_at) select @name, clock_timestamp() + gap - lag from turn
on conflict (name) do update
set next_turn_at = greatest(p.next_turn_at, clock_timestamp() - (select lag from turn)) + (select gap from turn),
    probe_at = case when p.open_since is not null then clock_timestamp() + @probe_every::interval end
where p.next_turn_at <= clock_timestamp() + @patience::interval
    and (p.open_since is null or p.probe_at <= clock_timestamp())
returning greatest(0, extract(epoch from p.next_turn_at - clock_timestamp() - (select gap from turn)))::float8
    as wait_seconds;

-- name: ProviderThrottled :exec
-- The provider said "too fast": everybody waits.
update providers set next_turn_at = greatest(next_turn_at, now() + @pause::interval) where name = @name;

-- name: ProviderFailed :one
-- A failed call. The fifth in a row within 30 s opens the breaker, a refused account at once.
with next as (
    select name, case when p.failing_since > now() - interval '30 seconds' then p.failures + 1 else 1 end as n,
        case when p.failing_since > now() - interval '30 seconds' then p.failing_since else now() end as since
    from providers p where p.name = @name for update
)
update providers p
set failures = least(next.n, 1000), failing_since = next.since,
    open_since = case when p.open_since is not null then p.open_since when @class::text = 'account' or next.n >= 5
        then now() end,
    open_class = case when p.open_since is not null or @class = 'account' or next.n >= 5 then @class else '' end,
    open_status = case when p.open_since is not null or @class = 'account' or next.n >= 5 then @status::text
        else '' end,
    open_reason = case when p.open_since is not null or @class = 'account' or next.n >= 5 then @reason::text
        else '' end,
    probe_at = case when p.open_since is not null or @class = 'account' or next.n >= 5
        then now() + @probe_every::interval end
from next where p.name = next.name
returning coalesce(p.open_since = now(), false)::boolean as opened;

-- name: ProviderWorks :execrows
-- A call that the provider took: its breaker closes. Writes nothing when there is nothing new.
update providers
set failures = 0, failing_since = null, open_since = null, open_class = '', open_status = '', open_reason = '',
    probe_at = null,
    balance = coalesce(nullif(@balance::text, '')::numeric, balance),
    balance_at = case when @balance <> '' then now() else balance_at end
where name = @name
    and (failures > 0 or open_since is not null or nullif(@balance, '')::numeric is distinct from balance
        and @balance <> '');
