-- name: AuditChainList :many
-- The chains that there are, or were signed, with the codes of their offices: the installation's (0) has none.
select c.office_id, coalesce(o.code, '') as code
from (select k.office_id from audit_chains k union select h.office_id from audit_heads h) c
left join offices o on o.id = c.office_id
order by c.office_id;

-- name: AuditChainLinks :many
-- The links of a chain behind a number, in order, with their events where those stand.
select l.seq, l.event_id, l.at, l.attempt, l.content, l.hash, e.id, e.at as event_at, e.office_id, e.actor_id, e.actor,
    e.subject_id, e.subject, e.action, e.detail, e.address, (l.at < now() - attempts_kept())::boolean as old,
    now()::timestamptz as now
from audit_links l left join audit_events e on e.id = l.event_id
where l.office_id = @chain and l.seq > @after order by l.seq limit @batch;

-- name: AuditChainHeads :many
select seq, hash, signed_at, public_key, signature from audit_heads where office_id = @chain order by seq, signed_at;

-- name: AuditChainUnlinked :many
-- Of the events behind one, so many: the last of them, and those that no chain has, with the chains that should.
select max(b.id)::bigint as last, coalesce(array_agg(b.id) filter (where not b.linked), '{}')::bigint[] as unlinked,
    coalesce(array_agg(b.chain) filter (where not b.linked), '{}')::bigint[] as chains
from (
    select e.id, coalesce(e.office_id, 0) as chain,
        exists (select from audit_links l where l.event_id = e.id) as linked
    from audit_events e where e.id > @after order by e.id limit @batch
) b having count(*) > 0;

-- name: AuditHeadsDue :many
-- The ends of the chains that have grown since they were signed, a day ago or longer, or were signed with another key.
select c.office_id::bigint as chain, l.seq, l.hash, now()::timestamptz as now
from audit_chains c
cross join lateral (
    select k.seq, k.hash from audit_links k where k.office_id = c.office_id order by k.seq desc limit 1
) l
where not exists (
    select from audit_heads h where h.office_id = c.office_id and h.public_key = @public_key
        and (h.seq = l.seq or h.signed_at > now() - interval '24 hours')
)
order by c.office_id;

-- name: AuditHeadInsert :exec
insert into audit_heads (office_id, seq, hash, signed_at, public_key, signature)
values (@chain, @seq, @hash, @signed_at, @public_key, @signature)
on conflict do nothing;

-- name: AuditChainRange :one
-- The numbers of a chain from a moment to another, 0 and 0 for none; and up to where links are shown: to the first end
-- behind them that is signed.
select coalesce(min(l.seq), 0)::bigint as first, coalesce(max(l.seq), 0)::bigint as last,
    coalesce((select min(h.seq) from audit_heads h where h.office_id = @chain and h.seq >= max(l.seq)),
        max(l.seq), 0)::bigint
        as until, now()::timestamptz as now
from audit_links l where l.office_id = @chain and l.at >= @begins::timestamptz and l.at < @ends::timestamptz;
