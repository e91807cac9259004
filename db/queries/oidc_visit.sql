-- Applications that are told when a session ends (back-channel log-out).

-- name: OIDCVisitPut :exec
-- A code was redeemed by an application that wants to be told.
insert into oidc_visits (application_id, session_id, sid, subject)
select g.application_id, g.session_id, g.sid, u.subject
from oidc_grants g join sessions s on s.id = g.session_id join users u on u.id = s.user_id
where g.id = @grant_id
on conflict (application_id, sid) where ended_at is null do nothing;

-- name: OIDCLookLock :one
-- One process looks at a time. Whether there is anything to see, and nobody else who does.
select ((exists (select from oidc_looks) or exists (
    select from oidc_visits v where v.ended_at is null and v.look_at <= now()
)) and pg_try_advisory_xact_lock(7700))::boolean;

-- name: OIDCLooksTake :exec
-- The visits that a change is about are looked at now.
with taken as (
    delete from oidc_looks where id in (select l.id from oidc_looks l order by l.id limit @batch) returning scope, about
),
due as (
    select v.id from taken t join oidc_visits v on v.session_id = t.about where t.scope = 'session'
    union all
    select v.id from taken t join oidc_visits v on v.application_id = t.about where t.scope = 'application'
    union all
    select v.id from taken t join sessions s on s.user_id = t.about join oidc_visits v on v.session_id = s.id
    where t.scope = 'user'
    union all
    select v.id from taken t join users u on u.office_id = t.about join sessions s on s.user_id = u.id
    join oidc_visits v on v.session_id = s.id where t.scope = 'office'
)
update oidc_visits v set look_at = now()
where v.ended_at is null and v.look_at > now() and v.id in (select id from due);

-- name: OIDCVisitDue :many
-- Whether the sessions of visits live, and what their applications demand now.
select v.id, (s.id is not null and v.left_at is null)::boolean as living, coalesce(s.role, '')::text as role,
    coalesce(s.level, 1)::smallint as level, coalesce(s.demanded, false)::boolean as demanded,
    coalesce(s.password_too_short, false)::boolean as password_too_short, s.second_factor_at,
    coalesce(d.admitted, false)::boolean as admitted, coalesce(d.disabled, false)::boolean as disabled,
    coalesce(d.off, false)::boolean as off, coalesce(d.roles, '{}')::text[] as roles,
    coalesce(d.require_two_factor, false)::boolean as require_two_factor,
    coalesce(d.sensitive, false)::boolean as sensitive
from oidc_visits v
left join living_sessions s on s.id = v.session_id
left join application_doors d on d.application_id = v.application_id and d.office_id = s.office_id
where v.ended_at is null and v.look_at <= now()
order by v.look_at limit @batch;

-- name: OIDCVisitEnd :exec
update oidc_visits set ended_at = now() where id = any(@ids::bigint[]) and ended_at is null;

-- name: OIDCVisitLater :exec
-- Until its session may end by time, or a second factor be demanded.
update oidc_visits v
set look_at = greatest(now() + interval '10 seconds', least(s.expires_at, s.last_seen_at + idle_limit(u.role),
    demand_changes(u.office_id, u.id, now())))
from sessions s join users u on u.id = s.user_id
where v.id = any(@ids::bigint[]) and s.id = v.session_id;

-- name: OIDCVisitToTell :one
select v.application_id, v.sid, v.subject::text as subject, v.problem, c.client_id, c.backchannel_logout_uri,
    c.algorithm, a.name, (v.ended_at < now() - oidc_logout_patience())::boolean as late
from oidc_visits v
join oidc_clients c on c.application_id = v.application_id
join applications a on a.id = v.application_id
where v.id = @id and v.ended_at is not null and v.settled_at is null;

-- name: OIDCVisitTried :exec
update oidc_visits set problem = @problem, settled_at = case when @settled::boolean then now() end where id = @id;

-- name: OIDCVisitDeleteOld :execrows
delete from oidc_visits where id in (
    select v.id from oidc_visits v where v.settled_at < now() - interval '1 day' limit @batch
);
