-- name: AuditInstallationList :many
-- What belongs to no office: operators, and log-ins under an unknown office code.
select id, at, actor, subject, action, detail, address from audit_events
where office_id is null and id < @before
order by id desc limit 51;
