-- What an operator asks over all offices. Every list is bounded: by a period, by a user, or by a limit.

-- name: OperatorDelivery :many
-- What became of the messages queued since @since: in all, by provider, by country, and by both. The
-- provider is that of a message's last send. Sent is what a provider accepted; verified counts a challenge
-- once, however many messages it had. A delivered message changed last when its receipt came. Sets are
-- joined, not looked up one by one: a month of 100 000 messages takes under a second.
with last_sends as (
    select distinct on (message_id) message_id, provider from sends where started_at >= @since
        order by message_id, id desc
), m as (
    select m.state, m.queued_at, m.accepted_at, c.country,
        coalesce(s.provider, '')::text as provider,
        (c.outcome = 'verified' and m.send_no = c.sends_asked) as verified,
        case when m.state = 'delivered' then m.changed_at end as delivered_at
    from messages m
    join challenges c on c.id = m.challenge_id
    left join last_sends s on s.message_id = m.id
    where m.queued_at >= @since
)
select coalesce(provider, '')::text as provider, coalesce(country, '')::text as country,
    (grouping(provider) = 0)::boolean as by_provider, (grouping(country) = 0)::boolean as by_country,
    count(*)::int as messages,
    count(*) filter (where state in ('queued', 'calling', 'retrying'))::int as waiting,
    count(*) filter (where state = 'unsure')::int as unsure,
    count(*) filter (where state = 'accepted')::int as accepted,
    count(*) filter (where state = 'delivered')::int as delivered,
    count(*) filter (where state = 'failed')::int as failed,
    count(*) filter (where accepted_at is not null)::int as sent,
    count(*) filter (where verified)::int as verified,
    coalesce(percentile_cont(0.5) within group (order by extract(epoch from accepted_at - queued_at)),
        -1)::float8 as accepted_p50,
    coalesce(percentile_cont(0.95) within group (order by extract(epoch from accepted_at - queued_at)),
        -1)::float8 as accepted_p95,
    coalesce(percentile_cont(0.5) within group (order by extract(epoch from delivered_at - queued_at)),
        -1)::float8 as delivered_p50,
    coalesce(percentile_cont(0.95) within group (order by extract(epoch from delivered_at - queued_at)),
        -1)::float8 as delivered_p95
from m
group by grouping sets ((), (provider), (country), (provider, country))
order by messages desc, provider, country
limit 400;

-- name: OperatorSeries :many
-- Messages since @since in steps that begin at whole multiples of @step from @origin, by where they stand.
select date_bin(@step::interval, queued_at, @origin::timestamptz)::timestamptz as at,
    count(*) filter (where state in ('queued', 'calling', 'retrying'))::int as waiting,
    count(*) filter (where state = 'unsure')::int as unsure,
    count(*) filter (where state = 'accepted')::int as accepted,
    count(*) filter (where state = 'delivered')::int as delivered,
    count(*) filter (where state = 'failed')::int as failed
from messages
where queued_at >= @since
group by 1
order by 1;

-- name: OperatorClock :one
-- The database's clock, and where its present step began.
select now()::timestamptz as now,
    date_bin(@step::interval, now(), @origin::timestamptz)::timestamptz as step_began;

-- name: OperatorProviders :many
select name, failures, failing_since, open_since, open_class, open_status, open_reason, probe_at,
    coalesce(balance, 0)::float8 as balance, balance_at
from providers order by name;

-- name: OperatorStoppedPrefixes :many
select prefix, country, sent, challenges, verified from stopped_prefixes order by sent desc, prefix limit 100;

-- name: PrefixReleasePut :exec
insert into prefix_releases (prefix) values (@prefix)
on conflict (prefix) do update set released_at = now();

-- name: InstallationSpending :one
-- reached_at is when the cap is reached at this month's pace: the epoch when it is not, or not in this month.
with paid as (select coalesce(sum(cost), 0) as spent from costs where month = this_month())
select coalesce(i.money_cap::text, '')::text as cap, p.spent::float8 as spent,
    coalesce(cap_is_near(i.money_cap, p.spent), false)::boolean as near,
    coalesce(cap_reached_at(i.money_cap, p.spent), 'epoch')::timestamptz as reached_at
from paid p left join installation i on true;

-- name: CapProspect :one
-- What a cap would mean to an office (0: to all) now: whether it is near what is spent, from where on proven numbers
-- get nothing either, and how many users could not log in then.
with given as (
    select sqlc.arg('cap')::text::numeric as cap, sqlc.arg('office_id')::bigint as office_id
), paid as (
    select coalesce(sum(k.cost), 0) as spent
    from costs k, given g
    where k.month = this_month() and (k.office_id = g.office_id or g.office_id = 0)
)
select p.spent::float8 as spent, g.cap::float8 as cap, cap_is_tight(g.cap, p.spent)::boolean as tight,
    reserve_of_cap(g.cap)::float8 as reserve, money_stops(g.cap, p.spent, false)::boolean as stops_new,
    money_stops(g.cap, p.spent, true)::boolean as stops_all,
    d.depend
from paid p, given g cross join lateral (
    -- As depends_on_messages, of many users at once.
    select count(*)::int as depend
    from users u
    join offices o on o.id = u.office_id
    join (
        select f.user_id from user_factors f where f.counts group by f.user_id having bool_and(f.kind = 'sms')
    ) f on f.user_id = u.id
    where (o.id = g.office_id or g.office_id = 0) and u.disabled_at is null
        and is_demanded(o.two_factor_required, o.demanded_from, o.grace_hours, u.role, u.demanded_from, u.grace_until,
            now(), is_exempt(u.id, now()), true, owes_word(u.id))
) d;

-- name: InstallationCapSet :exec
update installation set money_cap = sqlc.narg('cap')::text::numeric;

-- name: OperatorUserFind :one
select u.id from offices o join users u on u.office_id = o.id
where o.code = @office_code and u.username = any(@usernames::text[])
order by array_position(@usernames::text[], u.username) limit 1;

-- name: OperatorUserSearch :many
-- Whose name, username or office has every word of what was typed in it, or whose number ends in it. Each word comes
-- ready for LIKE. Whoever begins with the first word comes first.
select u.id, u.username, u.name, o.code as office_code, o.name as office_name,
    (u.disabled_at is not null)::boolean as disabled, count(*) over ()::int as total
from users u
join offices o on o.id = u.office_id
left join mobile_numbers m on m.user_id = u.id
where not exists (
    select from unnest(@words::text[]) w(word)
    where u.username not ilike '%' || w.word || '%' and u.name not ilike '%' || w.word || '%'
        and o.name not ilike '%' || w.word || '%' and o.code not ilike '%' || w.word || '%'
        and (w.word !~ '^[0-9]{3,}$' or m.number is null or m.number not like '%' || w.word)
)
order by (u.username ilike (@words::text[])[1] || '%' or u.name ilike (@words::text[])[1] || '%') desc,
    lower(u.name), u.id
limit @most;

-- name: OperatorWaitingNow :many
-- Who waits at this moment, the longest first: a log-in that waits for its second factor, or a code that can still be
-- entered. Either is over within minutes, so that indexes by their ends find them.
-- What is demanded is asked of them alone: offset 0 keeps the planner from asking it of every user first.
select w.user_id, w.since::timestamptz as since, count(*) over ()::int as total
from (
    select e.user_id, min(e.since) as since
    from (
        select s.user_id, s.created_at as since
        from sessions s
        where s.expires_at > now() and s.expires_at <= now() + session_life('user', true) and s.ended_at is null
            and s.level < 2 and s.pass_until is null
        union all
        select c.user_id, c.created_at from challenges c
        where (case when c.ended_at is null then c.expires_at end) > now()
    ) e
    group by e.user_id
) w
cross join lateral (
    select second_factor_demanded(u.office_id, u.id, now()) as demanded from users u
    where u.id = w.user_id and u.disabled_at is null and u.office_id is not null
    offset 0
) d
where d.demanded
order by w.since, w.user_id
limit @most;

-- name: OperatorUsers :many
-- The users in question, and what could keep them from a code whatever happens to messages.
select u.id, u.username, u.name, u.disabled_at, o.id as office_id, o.code as office_code, o.name as office_name,
    second_factor_demanded(o.id, u.id, now())::boolean as two_factor_required, now()::timestamptz as now,
    factors_of(u.id)::jsonb as factors,
    coalesce(f.in_a_row, 0)::int as in_a_row, f.wait_until, coalesce(f.lock, '')::text as lock,
    coalesce(n.in_a_row, 0)::int as strangers_in_a_row, n.wait_until as strangers_wait_until,
    coalesce(n.lock, '')::text as strangers_lock,
    (select count(*) from users x where x.office_id = o.id and x.disabled_at is null)::int as office_users,
    coalesce((select min(h.created_at) from living_help_requests h where h.user_id = u.id), 'epoch')::timestamptz
        as help_since,
    coalesce((select max(e.until) from exemptions e where e.user_id = u.id and e.ended_at is null and e.until > now()
        and u.role <> 'superuser'), 'epoch')::timestamptz as exempt_until,
    coalesce((case when u.role <> 'superuser' and not has_factor(u.id) and u.grace_until > now()
        then u.grace_until end), 'epoch')::timestamptz as first_hours_until,
    coalesce((case when not o.two_factor_required then own_date(u.role, u.demanded_from, o.demanded_from) end),
        'epoch')::timestamptz as demanded_from,
    coalesce((select u.factor_changed_at + make_interval(hours => r.cooling_hours) from office_rescue r
        where r.office_id = o.id), 'epoch')::timestamptz as cooling_until
from users u
join offices o on o.id = u.office_id
left join factor_locks f on f.user_id = u.id and not f.stranger
left join factor_locks n on n.user_id = u.id and n.stranger
where u.id = any(@users::bigint[]);

-- name: OperatorLogins :many
-- The last five log-ins of each user that were alive in the last day, the newest first.
select s.id, s.user_id, s.level, s.created_at, s.second_factor_at, s.expires_at, s.ended_at, s.methods, s.address,
    s.pass_until
from users u
cross join lateral (
    select r.* from sessions r
    where r.user_id = u.id and r.expires_at > now() - interval '24 hours' order by r.id desc limit 5
) s
where u.id = any(@users::bigint[])
order by s.id desc;

-- name: OperatorChallenges :many
select c.id, c.session_id, c.purpose, c.number, c.tries, c.sends_asked, c.created_at, c.expires_at, c.ended_at,
    c.outcome
from sessions s
cross join lateral (
    select r.* from challenges r
    where r.session_id = s.id and r.created_at > now() - interval '24 hours' order by r.id desc limit 30
) c
where s.id = any(@sessions::bigint[])
order by c.id desc;

-- name: OperatorMessages :many
select id, challenge_id, send_no, channel, state, reason, final, queued_at, changed_at, accepted_at
from messages
where challenge_id = any(@challenges::bigint[])
order by id;

-- name: OperatorSends :many
select s.id, s.message_id, s.provider, s.state, s.class, s.status, s.reason, s.price, s.network, s.started_at,
    s.finished_at
from messages m
cross join lateral (select r.* from sends r where r.message_id = m.id order by r.id limit 100) s
where m.id = any(@messages::bigint[])
order by s.id;

-- name: OperatorReceipts :many
select r.message_id, r.provider, r.status, r.error_code, r.reason, r.received_at
from messages m
cross join lateral (
    select x.* from receipts x where x.message_id = m.id order by x.received_at, x.id limit 100
) r
where m.id = any(@messages::bigint[])
order by r.received_at, r.id;

-- name: OperatorEvents :many
-- What the audit log tells of each user's last day: what they did and what was done to them, the newest first.
select w.user_id, e.id, e.at, e.actor, e.subject, e.action, e.detail, e.address
from (
    select u.id as user_id, a.id as event_id
    from users u
    cross join lateral (
        select x.id from audit_events x
        where x.actor_id = u.id and x.at > now() - interval '24 hours' order by x.id desc limit 100
    ) a
    where u.id = any(@users::bigint[])
    union
    select u.id, s.id
    from users u
    cross join lateral (
        select x.id from audit_events x
        where x.subject_id = u.id and x.at > now() - interval '24 hours' order by x.id desc limit 100
    ) s
    where u.id = any(@users::bigint[])
) w
join audit_events e on e.id = w.event_id
order by e.id desc;

-- name: OperatorLookedUp :one
-- Whether the operator looked at the user's story a moment ago: a page that is loaded again is one look.
select exists (
    select from audit_events e
    where e.subject_id = @subject_id and e.actor_id = @actor_id and e.action = 'user_looked_up'
        and e.at > now() - one_look()
)::boolean;

-- name: OperatorChallengeOwner :one
-- Whose challenge it is, and whether its log-in could still use a code.
select c.id, c.session_id, c.ended_at, c.expires_at, u.id as user_id, u.username, o.id as office_id,
    o.code as office_code,
    (s.ended_at is null and s.expires_at > now())::boolean as session_lives
from challenges c
join users u on u.id = c.user_id
join offices o on o.id = u.office_id
join sessions s on s.id = c.session_id
where c.id = @id;

-- name: OperatorChallengeEnd :execrows
update challenges set ended_at = now(), outcome = 'abandoned', code_ct = null
where id = @id and ended_at is null;

-- name: OfficeMessages :many
-- How many messages of each office a provider accepted this month (calendar month, UTC).
select c.office_id::bigint as office_id, count(*)::int as messages
from challenges c join messages m on m.challenge_id = c.id
where c.created_at >= this_month() at time zone 'UTC' and m.accepted_at is not null and c.office_id is not null
group by c.office_id;

-- name: OperatorOffices :many
-- Every office, with what it spent this month (calendar month, UTC).
with paid as (
    select office_id, sum(cost) as cost from costs where month = this_month() group by office_id
), people as (
    select office_id, count(*)::int as users from users where office_id is not null group by office_id
)
select o.id, o.code, o.name,
    office_demands(o.two_factor_required, o.demanded_from, now())::boolean as two_factor_required,
    coalesce(o.demanded_from, o.two_factor_changed_at) as two_factor_changed_at,
    coalesce(o.money_cap::text, '')::text as cap,
    coalesce(p.users, 0)::int as users, coalesce(d.cost, 0)::float8 as cost,
    coalesce(cap_is_near(o.money_cap, coalesce(d.cost, 0)), false)::boolean as near,
    coalesce(cap_reached_at(o.money_cap, coalesce(d.cost, 0)), 'epoch')::timestamptz as reached_at
from offices o
left join people p on p.office_id = o.id
left join paid d on d.office_id = o.id
order by o.code
limit 2000;

-- name: OperatorOffice :one
select o.id, o.code, o.name, coalesce(o.money_cap::text, '')::text as cap, p.cost::float8 as cost,
    coalesce(cap_is_near(o.money_cap, p.cost), false)::boolean as near,
    coalesce(cap_reached_at(o.money_cap, p.cost), 'epoch')::timestamptz as reached_at
from offices o cross join lateral (
    select coalesce(sum(k.cost), 0) as cost from costs k where k.office_id = o.id and k.month = this_month()
) p
where o.id = @id;

-- name: OfficesNearCap :many
-- The nearest first: above all those that have reached it.
select o.id, o.code, o.name, o.money_cap::text as cap, p.cost::float8 as cost
from offices o cross join lateral (
    select coalesce(sum(k.cost), 0) as cost from costs k where k.office_id = o.id and k.month = this_month()
) p
where o.money_cap is not null and cap_is_near(o.money_cap, p.cost)
order by p.cost - o.money_cap desc, o.code limit 20;

-- name: OfficeCapSet :one
update offices set money_cap = sqlc.narg('cap')::text::numeric where id = @id
returning id, code;

-- name: OperatorCosts :many
select o.code as office, to_char(c.month, 'YYYY-MM')::text as month, c.provider, c.country, c.network, c.sends,
    c.cost::text as cost
from costs c join offices o on o.id = c.office_id
where c.month = to_date(@month::text, 'YYYY-MM')
order by o.code, c.provider, c.country, c.network;

-- name: ChallengeDeleteOld :execrows
-- A batch of what is older than @age: with it go its messages, sends and receipts.
delete from challenges where id in (
    select c.id from challenges c where c.created_at < now() - @age::interval order by c.created_at limit @batch
);

-- name: DemoMessageDeleteOld :execrows
delete from demo_messages where id in (
    select d.id from demo_messages d where d.at < now() - @age::interval order by d.id limit @batch
);
