-- name: HeldFormPut :exec
-- Only a living session holds a form: the lock keeps it from ending meanwhile.
insert into held_forms (session_id, path, next, content_type, body_ct, ticket_hash, expires_at)
select s.id, @path, @next, @content_type, @body_ct, @ticket_hash, now() + @life::interval
from sessions s where s.id = @session_id and s.ended_at is null for share
on conflict (session_id) do update
set path = excluded.path, next = excluded.next, content_type = excluded.content_type, body_ct = excluded.body_ct,
    ticket_hash = excluded.ticket_hash, expires_at = excluded.expires_at;

-- name: HeldFormTake :one
delete from held_forms h using sessions s
where h.session_id = @session_id and h.next = @next and h.ticket_hash = @ticket_hash and h.expires_at > now()
    and s.id = h.session_id and s.ended_at is null and s.expires_at > now()
returning h.path, h.content_type, h.body_ct;

-- name: HeldFormDelete :exec
delete from held_forms where session_id = @session_id;

-- name: HeldFormDeleteExpired :execrows
delete from held_forms where session_id in (
    select f.session_id from held_forms f where f.expires_at < now() limit @batch
);
