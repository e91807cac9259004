-- name: LimitLock :exec
-- Held to the end of the transaction: what counts the same things counts one after the other.
select pg_advisory_xact_lock(@class::int, hashtext(@key::text));

-- name: LimitProven :one
-- Whether the number is, or was until lately, this user's own.
select number_is_proven(@user_id, @number)::boolean;

-- name: FormerNumberDeleteOld :execrows
delete from former_numbers where user_id in (
    select f.user_id from former_numbers f where f.removed_at < now() - former_number_life() limit @batch
);

-- name: LimitUser :one
-- What a user was sent today: the messages of one budget (to proven numbers or not, asked for in known browsers or
-- not, since budgets_since), and all to such numbers, whatever has been given back since. Those that no right code has
-- followed are unanswered.
with mine as (
    select c.number, m.queued_at > now() - interval '1 hour' as of_hour,
        c.outcome is distinct from 'verified' as unanswered,
        c.known_browser = @known_browser::boolean and m.queued_at > u.budgets_since as of_budget
    from challenges c
    join users u on u.id = c.user_id
    join messages m on m.challenge_id = c.id
    where c.user_id = @user_id and c.expires_at > now() - interval '1 day' and c.created_at > now() - interval '1 day'
        and c.proven = @proven::boolean and not nothing_went_out(m)
)
select
    (count(*) filter (where of_budget and unanswered and of_hour))::int as hour,
    (count(*) filter (where of_budget and unanswered))::int as day,
    count(*)::int as in_all,
    (count(distinct number) filter (where of_budget and number <> @number))::int as other_numbers
from mine;

-- name: LimitGiveBack :exec
-- What was spent before does not count for the user any more; a new password does the same by itself.
update users set budgets_since = now() where id = @user_id;

-- name: LimitNumber :one
-- What a number was sent unproven, and nobody entered, by whomever. What this user was sent in browsers of the other
-- kind, or before budgets_since, counts to the day's total alone.
with its as (
    select m.queued_at > now() - interval '1 hour' as of_hour,
        c.user_id <> @user_id or c.known_browser = @known_browser::boolean and m.queued_at > u.budgets_since as counts
    from challenges c
    join users u on u.id = c.user_id
    join messages m on m.challenge_id = c.id
    where c.number = @number and c.created_at > now() - interval '1 day' and not c.proven
        and c.outcome is distinct from 'verified' and not nothing_went_out(m)
)
select (count(*) filter (where counts and of_hour))::int as hour, (count(*) filter (where counts))::int as day,
    count(*)::int as in_all
from its;

-- name: LimitOffice :one
-- How many messages of the office to unproven numbers in the last hour, how many users it has, what it and the
-- installation may not spend more on such a message this month, and whether it sends to this country.
select
    (select coalesce(sum(c.sends_asked), 0) from challenges c
        where c.office_id = o.id and not c.proven and c.created_at > now() - interval '1 hour')::int as hour,
    (select count(*) from users u where u.office_id = o.id and u.disabled_at is null)::int as users,
    coalesce(o.money_cap is not null and money_stops(o.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k
            where k.office_id = o.id and k.month = this_month()), @proven::boolean), false)::boolean as spent,
    coalesce(i.money_cap is not null and money_stops(i.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k where k.month = this_month()), @proven), false)::boolean
        as installation_spent,
    exists (select from office_countries k where k.office_id = o.id and k.country = @country)::boolean as allowed
from offices o left join installation i on true
where o.id = @office_id;

-- name: CapWarningsTake :many
-- The caps of this month that are nearly or all spent and that nobody has been told of, by office (0: the
-- installation's). A cap of 0 is no surprise.
with caps as (
    select null::bigint as office_id, i.money_cap as cap,
        (select coalesce(sum(k.cost), 0) from costs k where k.month = this_month()) as spent
    from installation i where i.money_cap > 0
    union all
    select o.id, o.money_cap,
        (select coalesce(sum(k.cost), 0) from costs k where k.office_id = o.id and k.month = this_month())
    from offices o where o.money_cap > 0
)
insert into cap_warnings (office_id, month, cap, share)
select c.office_id, this_month(), c.cap, s.share
from caps c
join (values (80::smallint), (100::smallint)) s (share)
    on case s.share when 80 then cap_is_near(c.cap, c.spent) else money_stops(c.cap, c.spent, false) end
on conflict do nothing
returning coalesce(office_id, 0)::bigint as office_id, share;

-- name: LimitPrefix :one
-- Whether the number's range is stopped.
select exists (select from stopped_prefixes s
    where s.prefix = left(@number::text, greatest(length(@number) - 5, 3)))::boolean;

-- name: LimitTold :execrows
-- Notes that a limit stopped a code in a session; no row when that was told within the last minute.
update sessions s
set limits_told = case when s.limits_told_at < now() - interval '1 minute' then array[@word::text]
        else s.limits_told || @word end,
    limits_told_at = case when s.limits_told_at < now() - interval '1 minute' then now() else s.limits_told_at end
where s.id = @id and (s.limits_told_at < now() - interval '1 minute' or not @word = any (s.limits_told));
