-- name: KeyState :one
select key_fingerprint, key_next, key_changed_at from installation;

-- name: KeyStateLock :one
-- Nobody changes the keys, and no process starts with another set of them, until this transaction ends.
select key_fingerprint, key_next, key_changed_at from installation for update;

-- name: KeyNextSet :exec
update installation set key_next = @key_next;

-- name: KeyPromote :exec
update installation set key_fingerprint = @key_fingerprint, key_next = '', key_changed_at = now();

-- name: KeyHolderTell :exec
insert into key_holders (process, host, fingerprints) values (@process, @host, @fingerprints::text[])
on conflict (process) do update set fingerprints = excluded.fingerprints, seen_at = now();

-- name: KeyHolderLeave :exec
delete from key_holders where process = @process;

-- name: KeyHolderList :many
-- Processes that live: they tell every few seconds, and one that has not for a minute is gone.
select process, host, fingerprints from key_holders where seen_at > now() - interval '1 minute' order by host, process;

-- name: KeyHolderDeleteGone :execrows
delete from key_holders where process in (
    select k.process from key_holders k where k.seen_at < now() - interval '1 day' limit @batch
);

-- name: KeyUse :many
-- What each key is still needed for: see the view key_uses. Lasting is sealed anew by a job, brief is gone within a
-- day, and codes are MACs, which cannot be made anew. An empty id is not known.
select key_id::bytea as key_id, sum(lasting)::bigint as lasting, sum(brief)::bigint as brief,
    sum(codes)::bigint as codes
from key_uses group by key_id order by key_id;
