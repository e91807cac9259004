-- +goose Up

-- The history is a chain (docs/adr/0029-the-history-is-a-chain.md): a link for each event, numbered without a gap from
-- 1 in the order in which transactions ended, each over the one before. Office 0 is the installation's own history.
-- A link stands for ever. An event that is over (an attempt, after attempts_kept()) leaves its own, by which the chain
-- still holds.
create table audit_links (
    office_id bigint      not null,
    seq       bigint      not null check (seq > 0),
    event_id  bigint      not null unique,
    -- What the link says of an event that has gone: of when it is, and whether it was one that goes.
    at        timestamptz not null,
    attempt   boolean     not null,
    -- SHA-256 of the event, and of the link with the hash before it.
    content   bytea       not null check (length(content) = 32),
    hash      bytea       not null check (length(hash) = 32),
    primary key (office_id, seq)
);

create index audit_links_at on audit_links (office_id, at);

-- The last link of a chain, signed: whoever can write to the database, and has no key file, cannot sign another one.
-- The key stands beside its signature, so that it is proven when it signs no more.
create table audit_heads (
    office_id  bigint      not null,
    seq        bigint      not null,
    hash       bytea       not null check (length(hash) = 32),
    signed_at  timestamptz not null,
    public_key bytea       not null check (length(public_key) = 32),
    signature  bytea       not null check (length(signature) = 64),
    primary key (office_id, seq, public_key)
);

-- The chains that there are, found by as many steps as there are chains.
create view audit_chains as
with recursive chain (office_id) as (
    select (select l.office_id from audit_links l order by l.office_id limit 1)
    union all
    select (select l.office_id from audit_links l where l.office_id > c.office_id order by l.office_id limit 1)
    from chain c where c.office_id is not null
)
select c.office_id::bigint as office_id from chain c where c.office_id is not null;

-- What is hashed is written in netstrings, <bytes>:<value>, each: two different rows never give the same text. Nobody
-- is ''. Moments are microseconds since 1970, in UTC.
create function netstring(value text) returns text language sql immutable parallel safe
return octet_length(coalesce(value, '')) || ':' || coalesce(value, '') || ',';

create function microseconds(at timestamptz) returns text language sql stable parallel safe
return trunc(extract(epoch from at) * 1000000)::bigint::text;

create function audit_content(e audit_events) returns bytea language sql stable parallel safe
return sha256(convert_to(netstring('nightlatch event 1') || netstring(e.id::text) || netstring(microseconds(e.at))
    || netstring(e.office_id::text) || netstring(e.actor_id::text) || netstring(e.actor)
    || netstring(e.subject_id::text) || netstring(e.subject) || netstring(e.action) || netstring(e.detail)
    || netstring(e.address), 'UTF8'));

create function audit_hash(before bytea, l audit_links) returns bytea language sql stable parallel safe
return sha256(convert_to(netstring('nightlatch link 1') || netstring(encode(before, 'hex'))
    || netstring(l.office_id::text) || netstring(l.seq::text) || netstring(l.event_id::text)
    || netstring(microseconds(l.at)) || netstring(case when l.attempt then 'attempt' else 'kept' end)
    || netstring(encode(l.content, 'hex')), 'UTF8'));

-- Links an event as the last of its chain. Nobody else may do so meanwhile.
-- +goose StatementBegin
create function link_audit_event(e audit_events) returns void language plpgsql as $$
declare
    l audit_links;
    before bytea;
begin
    l.office_id := coalesce(e.office_id, 0);
    select k.seq, k.hash into l.seq, before from audit_links k
    where k.office_id = l.office_id order by k.seq desc limit 1;
    l.seq := coalesce(l.seq, 0) + 1;
    l.event_id := e.id;
    l.at := e.at;
    l.attempt := is_attempt(e.action);
    l.content := audit_content(e);
    l.hash := audit_hash(coalesce(before, ''), l);
    insert into audit_links values (l.*);
end $$;
-- +goose StatementEnd

-- What happened before there was a chain is linked in the order of its numbers. This is the long part, and holds nobody
-- up: what is written meanwhile is linked by the next migration.
-- +goose StatementBegin
create function link_audit_events() returns void language plpgsql as $$
declare
    e audit_events;
begin
    for e in select a.* from audit_events a where not exists (select from audit_links k where k.event_id = a.id)
        order by coalesce(a.office_id, 0), a.id
    loop
        perform link_audit_event(e);
    end loop;
end $$;
-- +goose StatementEnd
select link_audit_events();

-- +goose Down
select 1;
