-- name: AuditEventInsert :exec
-- What is not to be written costs the same, but for the row.
insert into audit_events (office_id, actor_id, actor, subject_id, subject, action, detail, address)
select sqlc.narg('office_id')::bigint, sqlc.narg('actor_id')::bigint, @actor::text, sqlc.narg('subject_id')::bigint,
    @subject::text, @action::text, @detail::text, @address::text
where @written::boolean;

-- name: AuditEventList :many
select id, at, actor, subject, action, detail, address from audit_events
where office_id = @office_id and id < @before
order by id desc limit 51;

-- name: AuditEventDeleteOld :execrows
-- Attempts alone: the table refuses any other.
delete from audit_events where id in (
    select e.id from audit_events e where is_attempt(e.action) and e.at < now() - attempts_kept() limit @batch
);
