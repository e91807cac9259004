-- name: ReadinessList :many
-- Every user of an office, with how they stand, when they logged in last, and what they were sent lately, by the budget
-- of it that is most spent: see LimitCounts. One statement, so that counts, lists and pages agree.
select r.user_id, r.username, r.name, r.email, r.role, r.state, r.linked, r.has_password, r.number, r.country,
    r.confirmed, r.findings,
    coalesce(l.at, timestamptz '0001-01-01 00:00:00+00')::timestamptz as last_at,
    coalesce(l.detail, '')::text as last_by,
    coalesce(b.proven, false)::boolean as budget_proven, coalesce(b.hour, 0)::int as sent_hour,
    coalesce(b.day, 0)::int as sent_day, coalesce(b.in_all, 0)::int as sent_in_all
from user_readiness r
left join lateral (
    select e.at, e.detail from audit_events e
    where e.actor_id = r.user_id and e.action = 'signed_in' order by e.id desc limit 1
) l on true
left join lateral (
    select c.proven,
        count(*) filter (where c.outcome is distinct from 'verified' and m.queued_at > u.budgets_since
            and m.queued_at > now() - interval '1 hour') as hour,
        count(*) filter (where c.outcome is distinct from 'verified' and m.queued_at > u.budgets_since) as day,
        count(*) as in_all
    from challenges c
    join users u on u.id = c.user_id
    join messages m on m.challenge_id = c.id
    where c.user_id = r.user_id and c.expires_at > now() - interval '1 day' and c.created_at > now() - interval '1 day'
        and not nothing_went_out(m)
    group by c.proven, c.known_browser
    order by 3 desc, 4 desc limit 1
) b on true
where r.office_id = @office_id::bigint
order by lower(r.name), r.user_id;

-- name: ReadinessMoney :one
-- Whether the office's money for messages of this month, or the installation's, is nearly spent.
select (coalesce(cap_is_near(o.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k where k.office_id = o.id and k.month = this_month()
    )), false) or coalesce(cap_is_near(i.money_cap, (
        select coalesce(sum(k.cost), 0) from costs k where k.month = this_month()
    )), false))::boolean
from offices o left join installation i on true
where o.id = @office_id;

-- name: ReadinessSummary :one
-- How many of an office may log in, how many of them are ready, and how many have still something to do; and whether a
-- date is set, or was.
select count(*) filter (where r.state <> 'disabled')::int as users,
    count(*) filter (where r.state in ('ready', 'sso'))::int as ready,
    count(*) filter (where r.state in ('unconfirmed', 'none', 'invited', 'expired'))::int as to_do,
    coalesce((select o.demanded_from is not null from offices o where o.id = @office_id::bigint), false)::boolean
        as dated
from user_readiness r
where r.office_id = @office_id::bigint;

-- name: SecondWayAsk :many
-- Notes that a superuser reminds these, and returns whom: who would be locked out with one loss, has an address and a
-- password, and was not asked within a day.
with who as (
    select r.user_id, r.username
    from user_readiness r
    where r.office_id = @office_id::bigint and r.user_id = any(@ids::bigint[]) and r.email <> '' and r.has_password
        and r.findings && array['app_alone', 'last_code']
        and not exists (select from reminders m
            where m.user_id = r.user_id and m.days = 0 and m.sent_at > now() - interval '1 day')
), noted as (
    insert into reminders (user_id, days) select w.user_id, 0 from who w
)
select w.user_id::bigint as user_id, w.username::text as username from who w order by w.user_id;

-- name: SweepCounts :one
-- What an office's switch ends or asks a second factor of: sessions of the password alone, trusted browsers, and what
-- applications had of those sessions.
select count(*)::int as sessions,
    (select count(*) from standing_trusts t where t.office_id = @office_id::bigint)::int as trusted,
    coalesce(sum((select count(*) from application_sessions a where a.session_id = s.id)
        + (select count(*) from oidc_grants g where g.session_id = s.id and g.ended_at is null)), 0)::int
        as applications
from living_sessions s
join user_readiness r on r.user_id = s.user_id and r.office_id = s.office_id
where s.office_id = @office_id::bigint and s.level = 1 and r.state <> 'exempt';
