-- name: AuditEventInsert :exec
-- What is not to be written costs the same, but for the row.
insert into audit_events (office_id, actor_id, actor, subject_id, subject, action, detail, address)
select sqlc.narg('office_id')::bigint, sqlc.narg('actor_id')::bigint, @actor::text, sqlc.narg('subject_id')::bigint,
    @subject::text, @action::text, @detail::text, @address::text
where @written::boolean;

-- name: AuditEventList :many
-- The newest first: those of some actions (none: of all) that have every word in who did it, to whom, how or from
-- where. Words come ready for LIKE.
select id, at, actor, subject, action, detail, address from audit_events e
where e.office_id = @office_id and e.id < @before
    and (cardinality(@actions::text[]) = 0 or e.action = any(@actions::text[]))
    and not exists (
        select from unnest(@words::text[]) w(word)
        where concat_ws(' ', e.actor, e.subject, e.detail, e.address) not ilike '%' || w.word || '%'
    )
order by e.id desc limit @most;

-- name: AuditEventDeleteOld :execrows
-- Attempts alone: the table refuses any other.
delete from audit_events where id in (
    select e.id from audit_events e where is_attempt(e.action) and e.at < now() - attempts_kept() limit @batch
);
