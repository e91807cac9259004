-- +goose Up

-- For how many days a user of the office may have a browser trusted, in which a right password is enough. Null: not at
-- all.
alter table offices add column trusted_browser_days smallint check (trusted_browser_days between 1 and 30);

-- A browser in which a user proved a second factor, and is not asked for one. What it was proven for stands beside it:
-- another password, role or policy makes it worth nothing, whether somebody ended it or not.
create table trusted_browsers (
    id               bigint generated always as identity primary key,
    user_id          bigint      not null references users on delete cascade,
    token_hash       bytea       not null unique check (length(token_hash) = 32),
    password_version bigint      not null,
    role             text        not null,
    user_agent       text        not null check (length(user_agent) <= 300),
    created_at       timestamptz not null default now(),
    used_at          timestamptz not null default now(),
    expires_at       timestamptz not null,
    ended_at         timestamptz
);
create index trusted_browsers_user on trusted_browsers (user_id) where ended_at is null;
create index trusted_browsers_over on trusted_browsers (expires_at);

-- Those that are worth something now.
create view standing_trusts as
select t.*, u.office_id
from trusted_browsers t
join users u on u.id = t.user_id
join offices o on o.id = u.office_id
where t.ended_at is null and t.expires_at > now() and u.disabled_at is null
    and t.password_version = u.password_version and t.role = u.role and has_factor(u.id)
    and t.created_at + make_interval(days => o.trusted_browser_days::integer) > now();

-- A session that a trusted browser raised has no moment of a second factor: whatever asks for one, of whatever age,
-- finds none.
alter table sessions add column trusted_by bigint references trusted_browsers on delete set null;
create index sessions_trusted_by on sessions (trusted_by) where trusted_by is not null;
alter table sessions drop constraint sessions_check;
alter table sessions add check (second_factor_at is null or level = 2),
    add check (level = 1 or second_factor_at is not null or methods = array['pwd', 'trusted_browser']);

-- An application that is marked sensitive says so to whoever decides who enters.
create or replace view application_doors as
select a.id as application_id, o.id as office_id,
    (a.all_offices or exists (
        select from application_offices x where x.application_id = a.id and x.office_id = o.id
    )) as admitted,
    array(select unnest(a.roles) intersect select unnest(coalesce(t.roles, a.roles)))::text[] as roles,
    a.require_two_factor, least(a.max_factor_age, t.max_factor_age) as max_factor_age,
    (a.disabled_at is not null) as disabled, coalesce(t.off, false) as off, a.sensitive
from applications a
cross join offices o
left join office_applications t on t.application_id = a.id and t.office_id = o.id;

create or replace view oidc_standings as
select g.id, g.application_id, g.session_id::bigint as session_id, g.sid::text as sid, g.scopes, g.nonce,
    g.state, g.redirect_uri, g.code_challenge,
    g.code_hash, g.code_until, g.redeemed_at, g.acr, g.amr, g.auth_time::timestamptz as auth_time, g.factor_time,
    g.asked_at,
    c.client_id, a.name as application, s.user_id, s.level, s.second_factor_at, s.demanded::boolean as demanded,
    s.password_too_short::boolean as password_too_short, s.office_id::bigint as office_id,
    s.office_code::text as office_code, s.office_name::text as office_name, s.username, s.name, s.role, u.email,
    u.subject::text as subject, s.language, d.admitted::boolean as admitted, d.disabled::boolean as disabled,
    d.off::boolean as off, d.roles::text[] as roles, d.require_two_factor,
    coalesce(d.max_factor_age, interval '0')::interval as max_factor_age, d.sensitive
from oidc_grants g
join oidc_clients c on c.application_id = g.application_id
join applications a on a.id = g.application_id
join living_sessions s on s.id = g.session_id
join users u on u.id = s.user_id
join application_doors d on d.application_id = g.application_id and d.office_id = s.office_id
where g.ended_at is null;

-- +goose Down
select 1;
