-- name: RemindOffices :many
-- Offices of which somebody's date is near enough that a reminder may be due.
select o.id from offices o
where o.demanded_from is not null and exists (
    select from users u where u.office_id = o.id
        and own_date(u.role, u.demanded_from, o.demanded_from) between now() and now() + interval '9 days'
)
order by o.id;

-- name: RemindCandidates :many
-- Who of an office is not ready and has a date soon; days are the reminders that this date had. told: a mail about it
-- went out within the last half day.
select n.user_id, n.invited::boolean as invited, n.demanded_from::timestamptz as demanded_from, o.time_zone,
    now()::timestamptz as now,
    array(select r.days from reminders r
        where r.user_id = n.user_id and r.demanded_from = n.demanded_from and r.days > 0 and not r.summary
    )::smallint[] as days,
    exists (select from mails m where m.user_id = n.user_id and m.queued_at > now() - interval '12 hours'
        and m.kind ~ '^(date|wave|reminder)_')::boolean as told
from not_ready n join offices o on o.id = n.office_id
where n.office_id = @office_id::bigint and n.demanded_from between now() and now() + interval '9 days'
order by n.user_id;

-- name: ReminderInsert :execrows
-- Changes nothing when another node was first.
insert into reminders (user_id, days, demanded_from, summary)
values (@user_id, @days, sqlc.narg('demanded_from'), @summary)
on conflict do nothing;

-- name: ReminderAsk :many
-- Notes that a superuser reminds these, and returns whom: not ready, with an address and a password, and not asked
-- within a day. ahead: a date of theirs is to come.
with who as (
    select n.user_id, n.username, n.demanded_from
    from not_ready n
    where n.office_id = @office_id::bigint and n.user_id = any(@ids::bigint[]) and n.email <> '' and not n.invited
        and not exists (select from reminders r
            where r.user_id = n.user_id and r.days = 0 and r.sent_at > now() - interval '1 day')
), noted as (
    insert into reminders (user_id, days, demanded_from) select w.user_id, 0, w.demanded_from from who w
)
select w.user_id::bigint as user_id, w.username::text as username,
    coalesce(w.demanded_from > now(), false)::boolean as ahead
from who w order by w.user_id;

-- name: ReminderNames :many
-- Who of an office is not ready and has a date that is to come, the first to be asked first.
select n.name, n.username, n.invited::boolean as invited, n.demanded_from::timestamptz as demanded_from
from not_ready n
where n.office_id = @office_id::bigint and n.demanded_from > now()
order by n.demanded_from, n.username
limit @most;

-- name: RemindersDeleteOld :execrows
delete from reminders where id in (
    select r.id from reminders r where r.sent_at < now() - interval '400 days' limit @batch
);
