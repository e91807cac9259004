-- name: AuditInstallationList :many
-- What belongs to no office: operators, and log-ins under an unknown office code. See AuditEventList.
select id, at, actor, subject, action, detail, address from audit_events e
where e.office_id is null and e.id < @before
    and (cardinality(@actions::text[]) = 0 or e.action = any(@actions::text[]))
    and not exists (
        select from unnest(@words::text[]) w(word)
        where concat_ws(' ', e.actor, e.subject, e.detail, e.address) not ilike '%' || w.word || '%'
    )
order by e.id desc limit @most;

-- name: AuditApplicationList :many
-- Who came to an application, of whatever office, the newest first.
select e.id, e.at, e.actor, e.action, e.detail, e.address, coalesce(o.code, '') as office
from audit_events e left join offices o on o.id = e.office_id
where application_of(e.action, e.detail) = @name
    and e.action in ('application_opened', 'application_refused', 'application_left')
order by e.id desc limit @most;
