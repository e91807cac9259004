-- name: HostOf :one
-- The application that browsers reach under a host.
select a.id, a.name, (a.disabled_at is not null)::boolean as disabled
from application_hosts h join applications a on a.id = h.application_id
where h.host = @host;

-- name: TicketInsert :exec
insert into tickets (token_hash, state_hash, application_id, session_id, host)
values (@token_hash, @state_hash, @application_id, @session_id, @host);

-- name: TicketTake :one
-- A ticket serves once, whatever comes of it.
delete from tickets where token_hash = @token_hash
returning state_hash, application_id, session_id, host, (expires_at > now())::boolean as valid;

-- name: TicketDeleteOld :execrows
delete from tickets where token_hash in (select t.token_hash from tickets t where t.expires_at < now() limit @batch);

-- name: DoorSessionInsert :exec
insert into application_sessions (token_hash, application_id, session_id, host)
values (@token_hash, @application_id, @session_id, @host);

-- name: DoorSessionOldest :exec
-- Of a session's browsers in one application the newest ten stay.
delete from application_sessions where id in (
    select a.id from application_sessions a
    where a.session_id = @session_id and a.application_id = @application_id order by a.id desc offset 10
);

-- name: DoorSessionLoad :one
-- The whole check of a request in one statement, by the database's clock.
select s.id as session_id, s.user_id, s.office_id::bigint as office_id, a.application_id, a.host, p.name as application,
    p.url, s.username, s.name, u.email, s.role, s.office_code::text as office_code, u.subject::text as subject,
    s.methods,
    s.level, (s.demanded and s.level < 2 or s.password_too_short)::boolean as unfinished, s.second_factor_at,
    least(s.expires_at, s.last_seen_at + idle_limit(s.role))::timestamptz as ends, now()::timestamptz as now,
    least(now() + interval '1 hour', demand_changes(s.office_id, s.user_id, now()))::timestamptz as holds_until,
    (s.last_seen_at < now() - interval '1 minute')::boolean as to_touch,
    d.admitted::boolean as admitted, d.roles::text[] as roles, d.require_two_factor,
    coalesce(d.max_factor_age, interval '0')::interval as max_factor_age, d.disabled::boolean as disabled,
    d.off::boolean as off, d.sensitive, s.limited::boolean as limited, (s.cooling_until is not null)::boolean as cooling
from application_sessions a
join living_sessions s on s.id = a.session_id
join users u on u.id = s.user_id
join applications p on p.id = a.application_id
join application_doors d on d.application_id = a.application_id and d.office_id = s.office_id
where a.token_hash = @token_hash;

-- name: DoorSessionEnd :one
-- Ends a browser's own session of an application.
with ended as (
    delete from application_sessions a where a.token_hash = @token_hash and a.host = @host
    returning a.session_id, a.application_id
)
select u.id, u.username, coalesce(u.office_id, 0)::bigint as office_id, p.name as application
from ended e
join sessions s on s.id = e.session_id
join users u on u.id = s.user_id
join applications p on p.id = e.application_id;

-- name: DoorSessionList :many
-- Where a user is signed in, application by application.
with mine as (select s.id from living_sessions s where s.user_id = @user_id)
select p.id, p.name, count(*)::integer as browsers, max(a.since)::timestamptz as since
from (
    select d.application_id, d.created_at as since from application_sessions d
    where d.session_id in (select id from mine)
    union all
    select g.application_id, max(g.redeemed_at) from oidc_grants g
    where g.session_id in (select id from mine) and g.redeemed_at is not null and g.ended_at is null
    group by g.application_id, g.session_id
) a
join applications p on p.id = a.application_id
group by p.id order by lower(p.name);

-- name: DoorSessionEndOfUser :one
-- Ends every session of a user in an application, and returns its name; no row when there was none.
with ended as (
    delete from application_sessions a using sessions s
    where s.id = a.session_id and s.user_id = @user_id and a.application_id = @application_id
    returning a.application_id
),
grants as (
    update oidc_grants g set ended_at = now() from sessions s
    where s.id = g.session_id and s.user_id = @user_id and g.application_id = @application_id
        and g.ended_at is null
    returning g.application_id
),
visits as (
    update oidc_visits v set left_at = now(), look_at = now() from sessions s
    where s.id = v.session_id and s.user_id = @user_id and v.application_id = @application_id and v.ended_at is null
)
select p.name from applications p
where p.id in (select application_id from ended union select application_id from grants);

-- name: DoorSessionDrop :exec
delete from application_sessions where token_hash = @token_hash;

-- name: SessionTouchMany :exec
update sessions set last_seen_at = now()
where id = any(@ids::bigint[]) and ended_at is null and last_seen_at < now() - interval '1 minute';
