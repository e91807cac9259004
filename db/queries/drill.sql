-- name: DrillBefore :one
-- Before a drill: whether an office demands two factors, and how many there are to ask. Those have a number, confirmed
-- or not, or an app, and no second factor is demanded of them yet.
select office_demands(o.two_factor_required, o.demanded_from, now())::boolean as demanded, (
    select count(*) from users u
    where u.office_id = o.id and u.disabled_at is null and not second_factor_demanded(o.id, u.id, now())
        and exists (select from user_factors f where f.user_id = u.id and f.kind in ('sms', 'otp'))
)::int as reachable
from offices o where o.id = @office_id;

-- name: DrillBegin :one
-- No row while one is under way, for whoever holds the office.
insert into drills (office_id, begun_by, ends_at)
select @office_id::bigint, @begun_by::bigint, now() + drill_life()
where not exists (select from drills d where d.office_id = @office_id and d.ends_at > now())
returning id;

-- name: DrillEnd :execrows
update drills set ends_at = now() where office_id = @office_id::bigint and ends_at > now();

-- name: DrillLast :one
-- The drill under way, or else the last one.
select d.id, d.begun_at, d.ends_at, (d.ends_at > now())::boolean as under_way, coalesce(b.name, '')::text as begun_by
from drills d left join users b on b.id = d.begun_by
where d.office_id = @office_id::bigint
order by d.id desc limit 1;

-- name: DrillOf :one
-- The drill that is under way for a user, and what they have done about it. A number that was confirmed since they were
-- asked is an answer, too. No row for who has nothing to try, and where each log-in tries it.
select d.id, a.asked_at, (a.skipped_at is not null)::boolean as skipped,
    (a.answered_at is not null or exists (
        select from mobile_numbers m where m.user_id = u.id and m.confirmed_at >= a.asked_at
    ))::boolean as entered
from users u
join drills d on d.office_id = u.office_id and d.ends_at > now()
left join drill_users a on a.drill_id = d.id and a.user_id = u.id
where u.id = @user_id and not second_factor_demanded(u.office_id, u.id, now())
    and exists (select from user_factors f where f.user_id = u.id and f.kind in ('sms', 'otp'));

-- name: DrillAsk :one
-- Whoever is asked again was asked when they were asked first.
insert into drill_users (drill_id, user_id) values (@drill_id, @user_id)
on conflict (drill_id, user_id) do update set asked_at = drill_users.asked_at
returning asked_at;

-- name: DrillAnswer :exec
-- What a user who was asked does about it: a code was right, or it was skipped.
update drill_users a
set answered_at = case when @skip::boolean then a.answered_at else coalesce(a.answered_at, now()) end,
    skipped_at = case when @skip and a.answered_at is null then coalesce(a.skipped_at, now()) else a.skipped_at end
from drills d
where a.user_id = @user_id and d.id = a.drill_id and d.ends_at > now();

-- name: DrillPeople :many
-- Everybody whom a drill has asked or could have asked, by name. undelivered says that the last message that went to
-- them since did not arrive, and that no code of it was entered; reported is why, as the carrier says it.
select u.id, u.name, u.username, a.asked_at, a.skipped_at, coalesce(a.answered_at, n.confirmed_at) as entered_at,
    coalesce(x.undelivered, false)::boolean as undelivered, coalesce(x.country, '')::text as country,
    coalesce(x.reason, '')::text as reason, coalesce(x.reported, '')::text as reported,
    coalesce(nullif(x.receipt_network, ''), x.send_network, '')::text as network
from drills d
join users u on u.office_id = d.office_id and u.disabled_at is null and u.created_at <= d.ends_at
left join drill_users a on a.drill_id = d.id and a.user_id = u.id
left join mobile_numbers n on n.user_id = u.id and n.confirmed_at between a.asked_at and d.ends_at
left join lateral (
    select m.state = 'failed' and m.reason not in ('over', 'resent') and c.outcome is distinct from 'verified'
            as undelivered,
        m.reason, c.country, r.reason as reported, r.network as receipt_network, s.network as send_network
    from challenges c
    join messages m on m.challenge_id = c.id
    left join sends s on s.message_id = m.id
    left join receipts r on r.message_id = m.id
    where c.user_id = u.id and c.created_at between a.asked_at and d.ends_at
    order by m.id desc, s.id desc, r.id desc limit 1
) x on true
where d.id = @drill_id and (a.user_id is not null
    or not second_factor_demanded(u.office_id, u.id, least(now(), d.ends_at))
    and exists (select from user_factors f where f.user_id = u.id and f.kind in ('sms', 'otp')))
order by lower(u.name), u.id;
