-- What nightlatch doctor asks, once in a while.

-- name: DoctorClock :one
select clock_timestamp()::timestamptz as now, current_setting('server_version_num')::int as version,
    current_setting('server_encoding') as encoding;

-- name: DoctorLockedOut :many
-- Offices that demand two factors and have no superuser with a confirmed one: nobody there can help a colleague.
select o.code
from offices o
where office_demands(o.two_factor_required, o.demanded_from, now())
    and exists (select from users u where u.office_id = o.id)
    and not exists (
        select from users u
        where u.office_id = o.id and u.role = 'superuser' and u.disabled_at is null
            and (exists (select from authenticators a where a.user_id = u.id)
                or exists (select from mobile_numbers m where m.user_id = u.id and m.confirmed_at is not null)))
order by o.code;

-- name: DoctorOperators :one
select count(*)::bigint as operators from users where office_id is null and disabled_at is null;

-- name: DoctorDelivery :one
-- The newest message that reached a phone and the newest that was asked for, as far back as messages are kept; -1 is
-- none.
select
    coalesce((select extract(epoch from now() - queued_at) from messages where state = 'delivered'
        order by queued_at desc limit 1), -1)::float8 as delivered_seconds,
    coalesce((select extract(epoch from now() - queued_at) from messages
        order by queued_at desc limit 1), -1)::float8 as asked_seconds;
