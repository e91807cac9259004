-- name: LimitHold :one
-- Whether the number is, or was until lately, this user's own. What counts a message to any other is held, when one
-- will be sent: in a statement of its own, since a statement counts what it saw when it began.
with whose as materialized (select number_is_proven(@user_id, @number) as proven)
select proven::boolean as proven,
    (case when not proven and @hold::boolean then hold_counts(@number, @office_id) else false end)::boolean as held
from whose;

-- name: FormerNumberDeleteOld :execrows
delete from former_numbers where user_id in (
    select f.user_id from former_numbers f where f.removed_at < now() - former_number_life() limit @batch
);

-- name: LimitCounts :one
-- All that a message is judged by, in one look: one budget (to proven numbers or not, asked for in known browsers or
-- not) since budgets_since, and what only counts for a number that is not proven.
with user_messages as (
    -- Those that no right code has followed are unanswered.
    select c.number, m.queued_at > now() - interval '1 hour' as of_hour,
        c.outcome is distinct from 'verified' as unanswered,
        c.known_browser = @known_browser::boolean and m.queued_at > u.budgets_since as of_budget
    from challenges c
    join users u on u.id = c.user_id
    join messages m on m.challenge_id = c.id
    where c.user_id = @user_id and c.expires_at > now() - interval '1 day' and c.created_at > now() - interval '1 day'
        and c.proven = @proven::boolean and not nothing_went_out(m)
),
-- What was sent today to such numbers counts in all, whatever has been given back since.
of_user as (
    select count(*) filter (where of_budget and unanswered and of_hour) as hour,
        count(*) filter (where of_budget and unanswered) as day, count(*) as in_all,
        count(distinct number) filter (where of_budget and number <> @number) as other_numbers
    from user_messages
),
-- What a number was sent unproven, and nobody entered, by whomever. What this user was sent in browsers of the other
-- kind, or before budgets_since, counts to the day's total alone.
number_messages as (
    select m.queued_at > now() - interval '1 hour' as of_hour,
        c.user_id <> @user_id or c.known_browser = @known_browser and m.queued_at > u.budgets_since as counts
    from challenges c
    join users u on u.id = c.user_id
    join messages m on m.challenge_id = c.id
    where not @proven and c.number = @number and c.created_at > now() - interval '1 day' and not c.proven
        and c.outcome is distinct from 'verified' and not nothing_went_out(m)
),
of_number as (
    select count(*) filter (where counts and of_hour) as hour, count(*) filter (where counts) as day, count(*) as in_all
    from number_messages
),
-- The challenges that the session has had, and those of the user's budget that may still arrive as a text; the live one
-- of the session makes room for the next.
under_way as (
    select count(*) filter (where c.session_id = @session_id) as of_session,
        count(*) filter (where c.expires_at > now()
            and (c.outcome is null and c.session_id <> @session_id or c.outcome = 'abandoned')
            and c.proven = @proven and c.known_browser = @known_browser
            and c.created_at > u.budgets_since) as live
    from challenges c join users u on u.id = c.user_id
    where c.user_id = @user_id and (c.session_id = @session_id or c.expires_at > now())
),
-- Messages of the office to unproven numbers in the last hour.
office_hour as (
    select coalesce(sum(c.sends_asked), 0) as hour from challenges c
    where not @proven and c.office_id = @office_id::bigint and not c.proven and c.created_at > now() - interval '1 hour'
)
select coalesce(l.lock, '')::text as lock, l.wait_until, now()::timestamptz as now,
    under_way.of_session::int as of_session, under_way.live::int as live_of_user,
    of_user.hour::int as user_hour, of_user.day::int as user_day, of_user.in_all::int as user_in_all,
    of_user.other_numbers::int as other_numbers,
    of_number.hour::int as number_hour, of_number.day::int as number_day, of_number.in_all::int as number_in_all,
    office_hour.hour::int as office_hour,
    users_for(o.id, office_hour.hour, @office_least::int, @office_per_user::int)::int as office_users,
    -- What the office and the installation may not spend more on such a message this month.
    coalesce(o.money_cap is not null and money_stops(o.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k
            where k.office_id = o.id and k.month = this_month()), @proven), false)::boolean as spent,
    coalesce(i.money_cap is not null and money_stops(i.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k where k.month = this_month()), @proven), false)::boolean
        as installation_spent,
    exists (select from office_countries k where k.office_id = o.id and k.country = @country)::boolean as allowed,
    (not @proven and exists (select from stopped_prefixes s
        where s.prefix = left(@number::text, greatest(length(@number) - 5, 3))))::boolean as prefix_stopped
from offices o
left join installation i on true
left join factor_locks l on l.user_id = @user_id and l.stranger = not @known_browser
cross join under_way cross join of_user cross join of_number cross join office_hour
where o.id = @office_id;

-- name: LimitGiveBack :exec
-- What was spent before does not count for the user any more; a new password does the same by itself.
update users set budgets_since = now() where id = @user_id;

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

-- name: LimitTold :execrows
-- Notes that a limit stopped a code in a session; no row when that was told within the last minute.
update sessions s
set limits_told = case when s.limits_told_at < now() - interval '1 minute' then array[@word::text]
        else s.limits_told || @word end,
    limits_told_at = case when s.limits_told_at < now() - interval '1 minute' then now() else s.limits_told_at end
where s.id = @id and (s.limits_told_at < now() - interval '1 minute' or not @word = any (s.limits_told));
