-- name: AuditEventInsert :exec
insert into audit_events (office_id, actor_id, actor, subject_id, subject, action, detail, address)
values (@office_id, @actor_id, @actor, @subject_id, @subject, @action, @detail, @address);

-- name: AuditEventList :many
select id, at, actor, subject, action, detail, address from audit_events
where office_id = @office_id and id < @before
order by id desc limit 51;
