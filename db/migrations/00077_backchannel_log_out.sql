-- +goose Up

-- How long an application is tried that cannot be told of a log-out.
create function oidc_logout_patience() returns interval language sql immutable parallel safe
return interval '1 hour';

-- An application in a session that wants to be told of its end (back-channel log-out).
create table oidc_visits (
    id             bigint generated always as identity primary key,
    application_id bigint      not null references oidc_clients on delete cascade,
    -- Null once it is deleted.
    session_id     bigint      references sessions on delete set null,
    -- The session and its user, as the application knows them.
    sid            text        not null,
    subject        uuid        not null,
    -- When to see next whether it goes on: when its session may end by time, and whenever something changed. Soon after
    -- it begins, since a change before that told nobody.
    look_at        timestamptz not null default now() + interval '10 seconds',
    -- The application is to be told from then on, until it was, or is given up.
    ended_at       timestamptz,
    settled_at     timestamptz,
    -- What was in the way at the last try.
    problem        text        not null default '',
    check (settled_at is null or ended_at is not null)
);
create unique index oidc_visits_alive on oidc_visits (application_id, sid) where ended_at is null;
create index oidc_visits_look on oidc_visits (look_at) where ended_at is null;
create index oidc_visits_session on oidc_visits (session_id) where session_id is not null;
create index oidc_visits_settled on oidc_visits (settled_at) where settled_at is not null;

-- Changes after which visits are looked at. They are only added, so that a change waits for nobody and nobody for it.
create table oidc_looks (
    id    bigint generated always as identity primary key,
    scope text   not null,
    about bigint not null
);

-- +goose StatementBegin
create function oidc_visit_orphaned() returns trigger language plpgsql as $$
begin
    new.look_at = now();
    return new;
end $$;
-- +goose StatementEnd
create trigger oidc_visits_orphaned before update of session_id on oidc_visits
    for each row when (new.session_id is null) execute function oidc_visit_orphaned();

-- As before, and for the applications that want to be told.
-- +goose StatementBegin
create or replace function tell_change(scope text, id bigint) returns void language plpgsql as $$
begin
    perform pg_notify('nightlatch_changes', scope || ' ' || id);
    raise notice using errcode = 'NL000', message = scope || ' ' || id;
    if exists (select from oidc_visits v where v.ended_at is null) then
        insert into oidc_looks (scope, about) values (tell_change.scope, tell_change.id);
    end if;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function session_changed() returns trigger language plpgsql as $$
begin
    -- Few sessions are let in anywhere: nobody remembers the others.
    if exists (select from application_sessions where session_id = old.id)
        or exists (select from oidc_visits v where v.session_id = old.id and v.ended_at is null) then
        perform tell_change('session', old.id);
    end if;
    return null;
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
