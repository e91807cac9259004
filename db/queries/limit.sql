-- name: LimitLock :exec
-- Held to the end of the transaction: what counts the same things counts one after the other.
select pg_advisory_xact_lock(@class::int, hashtext(@key::text));

-- name: LimitCounts :one
-- What the limits are judged by, in one look. A message counts against its number and its user while no right code
-- has followed, unless it is known that nothing was sent.
with mine as (
    select c.number, c.user_id, c.created_at, c.outcome, c.purpose, m.queued_at
    from challenges c
    join messages m on m.challenge_id = c.id
    where (c.number = @number or c.user_id = @user_id) and c.created_at > now() - interval '1 day'
        and not (m.final and m.state = 'failed' and not exists (select from sends s
            where s.message_id = m.id and s.state <> 'refused'))
)
select
    (count(*) filter (where number = @number and queued_at > now() - interval '1 hour'
        and outcome is distinct from 'verified'))::int as number_hour,
    (count(*) filter (where number = @number and outcome is distinct from 'verified'))::int as number_day,
    (count(*) filter (where user_id = @user_id and queued_at > now() - interval '1 hour'
        and outcome is distinct from 'verified'))::int as user_hour,
    (count(*) filter (where user_id = @user_id and outcome is distinct from 'verified'))::int as user_day,
    (count(distinct number) filter (where user_id = @user_id and purpose in ('enrol', 'change')
        and number <> @number))::int as other_numbers
from mine;

-- name: LimitOffice :one
-- How many messages of the office in the last hour, how many users it has, what it and the installation spent this
-- month and may spend at most (null: no cap), and whether it sends to this country.
select
    (select coalesce(sum(c.sends_asked), 0) from challenges c
        where c.office_id = o.id and c.created_at > now() - interval '1 hour')::int as hour,
    (select count(*) from users u where u.office_id = o.id and u.disabled_at is null)::int as users,
    (o.money_cap is not null and o.money_cap <= (
        select coalesce(sum(k.cost), 0) from costs k
            where k.office_id = o.id and k.month = this_month()))::boolean as spent,
    (i.money_cap is not null and i.money_cap <= (
        select coalesce(sum(k.cost), 0) from costs k where k.month = this_month()))::boolean as installation_spent,
    exists (select from office_countries k where k.office_id = o.id and k.country = @country)::boolean as allowed
from offices o left join installation i on true
where o.id = @office_id;

-- name: LimitPrefix :one
-- Whether the number's range is stopped.
select exists (select from stopped_prefixes s
    where s.prefix = left(@number::text, greatest(length(@number) - 5, 3)))::boolean;
