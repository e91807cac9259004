-- +goose Up

-- Who somebody is to applications: random, never reused, and the same in all of them.
alter table users add column subject uuid not null default gen_random_uuid();
create unique index users_subject on users (subject);

-- What stands behind the door. Who may enter is said here and, more tightly, in office_applications.
create table applications (
    id                  bigint generated always as identity primary key,
    name                text        not null check (length(name) between 1 and 60),
    about               text        not null default '' check (length(about) <= 200),
    kind                text        not null check (kind in ('forward', 'oidc')),
    -- Where its tile leads.
    url                 text        not null check (length(url) between 1 and 500),
    picture             bytea       check (length(picture) <= 32768),
    all_offices         boolean     not null default false,
    roles               text[]      not null
        check (roles <@ array['user', 'accountant', 'superuser'] and cardinality(roles) > 0),
    require_two_factor  boolean     not null default false,
    -- The greatest age of the second factor; null: as old as the session.
    max_factor_age      interval    check (max_factor_age >= interval '1 minute'),
    sensitive           boolean     not null default false,
    disabled_at         timestamptz,
    created_at          timestamptz not null default now()
);
create unique index applications_name on applications (lower(name));

-- The names under which browsers reach a guarded application, as the Host header has them.
create table application_hosts (
    host           text   primary key check (host = lower(host)),
    application_id bigint not null references applications on delete cascade
);
create index application_hosts_application on application_hosts (application_id);

-- The offices that an application is for, unless it is for all.
create table application_offices (
    application_id bigint not null references applications on delete cascade,
    office_id      bigint not null references offices on delete cascade,
    primary key (application_id, office_id)
);
create index application_offices_office on application_offices (office_id);

-- What an office's superuser made tighter.
create table office_applications (
    office_id      bigint not null references offices on delete cascade,
    application_id bigint not null references applications on delete cascade,
    roles          text[] not null check (roles <@ array['user', 'accountant', 'superuser']),
    max_factor_age interval check (max_factor_age >= interval '1 minute'),
    off            boolean not null default false,
    primary key (office_id, application_id)
);
create index office_applications_application on office_applications (application_id);

-- A browser that is let into a host of an application: the child of a session, and nothing without it.
create table application_sessions (
    id             bigint generated always as identity primary key,
    token_hash     bytea       not null unique,
    application_id bigint      not null references applications on delete cascade,
    session_id     bigint      not null references sessions on delete cascade,
    host           text        not null,
    created_at     timestamptz not null default now()
);
create index application_sessions_session on application_sessions (session_id);
create index application_sessions_application on application_sessions (application_id);

-- Passes from the portal to a host: each serves once, within a minute, in the browser that began there.
create unlogged table tickets (
    token_hash     bytea       primary key,
    state_hash     bytea       not null,
    application_id bigint      not null references applications on delete cascade,
    session_id     bigint      not null references sessions on delete cascade,
    host           text        not null,
    expires_at     timestamptz not null default now() + interval '1 minute'
);
create index tickets_expires on tickets (expires_at);
create index tickets_session on tickets (session_id);
create index tickets_application on tickets (application_id);

-- Who may enter which application, as it is now: a row for each application that is there for an office at all.
-- roles: who, by the application and by the office. max_factor_age: the shorter of the two.
create view application_doors as
select a.id as application_id, o.id as office_id,
    (a.all_offices or exists (
        select from application_offices x where x.application_id = a.id and x.office_id = o.id
    )) as admitted,
    array(select unnest(a.roles) intersect select unnest(coalesce(t.roles, a.roles)))::text[] as roles,
    a.require_two_factor, least(a.max_factor_age, t.max_factor_age) as max_factor_age,
    (a.disabled_at is not null) as disabled, coalesce(t.off, false) as off
from applications a
cross join offices o
left join office_applications t on t.application_id = a.id and t.office_id = o.id;

-- What a change of who may do what is told to: every node, when its transaction is committed, and the connection that
-- made it, at once, as a notice of class NL000. See db.Change.
-- +goose StatementBegin
create function tell_change(scope text, id bigint) returns void language plpgsql as $$
begin
    perform pg_notify('nightlatch_changes', scope || ' ' || id);
    raise notice using errcode = 'NL000', message = scope || ' ' || id;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function session_changed() returns trigger language plpgsql as $$
begin
    -- Few sessions are let in anywhere: nobody remembers the others.
    if exists (select from application_sessions where session_id = old.id) then
        perform tell_change('session', old.id);
    end if;
    return null;
end $$;
-- +goose StatementEnd
-- last_seen_at alone tells nothing.
create trigger sessions_changed after update of ended_at, level, methods, password_at, second_factor_at, expires_at,
    password_version on sessions for each row execute function session_changed();

-- +goose StatementBegin
create function application_session_ended() returns trigger language plpgsql as $$
begin
    perform tell_change('session', old.session_id);
    return null;
end $$;
-- +goose StatementEnd
create trigger application_sessions_ended after delete or update on application_sessions
    for each row execute function application_session_ended();

-- +goose StatementBegin
create function user_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('user', old.id);
    return null;
end $$;
-- +goose StatementEnd
-- A trigger counts password_version when password_hash is set.
create trigger users_changed after update of role, name, email, disabled_at, password_hash, password_version, office_id
    on users for each row execute function user_changed();

-- +goose StatementBegin
create function office_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('office', old.id);
    return null;
end $$;
-- +goose StatementEnd
create trigger offices_changed after update of two_factor_required, code, name on offices
    for each row execute function office_changed();

-- What belongs to an office: its provider of single sign-on, and what it made tighter.
-- +goose StatementBegin
create function of_office_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('office', coalesce(new.office_id, old.office_id));
    return null;
end $$;
-- +goose StatementEnd
create trigger sso_providers_changed after insert or delete or update of policy, issuer on sso_providers
    for each row execute function of_office_changed();
create trigger office_applications_changed after insert or update or delete on office_applications
    for each row execute function of_office_changed();

-- +goose StatementBegin
create function application_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('application', coalesce(new.id, old.id));
    return null;
end $$;
-- +goose StatementEnd
create trigger applications_changed after insert or update or delete on applications
    for each row execute function application_changed();

-- +goose StatementBegin
create function of_application_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('application', coalesce(new.application_id, old.application_id));
    return null;
end $$;
-- +goose StatementEnd
create trigger application_hosts_changed after insert or update or delete on application_hosts
    for each row execute function of_application_changed();
create trigger application_offices_changed after insert or update or delete on application_offices
    for each row execute function of_application_changed();

-- +goose Down
select 1;
