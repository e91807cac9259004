-- +goose Up

-- How long a code waits for its client, tokens serve, and an authorization request waits for its user: as long as a
-- log-in takes that began with a forgotten phone.
create function oidc_code_life() returns interval language sql immutable parallel safe
return interval '1 minute';
create function oidc_token_life() returns interval language sql immutable parallel safe
return interval '10 minutes';
create function oidc_request_life() returns interval language sql immutable parallel safe
return interval '30 minutes';

-- What an application needs that speaks OpenID Connect.
create table oidc_clients (
    application_id         bigint primary key references applications on delete cascade,
    client_id              text    not null unique check (length(client_id) between 8 and 64),
    -- Compared byte for byte, but for the port of a loopback address.
    redirect_uris          text[]  not null check (cardinality(redirect_uris) between 1 and 20),
    post_logout_uris       text[]  not null default '{}' check (cardinality(post_logout_uris) <= 20),
    -- Where its own session is ended; '' where it does not want to be told.
    backchannel_logout_uri text    not null default '',
    -- It can keep no secret: a program on a phone or in a browser.
    public                 boolean not null default false,
    -- An old client that knows no PKCE and has a secret instead.
    allow_without_pkce     boolean not null default false,
    -- What its ID tokens are signed with.
    algorithm              text    not null default 'RS256' check (algorithm in ('RS256', 'ES256')),
    -- The public keys of a client that signs its requests (private_key_jwt) and has no secret.
    key_set                jsonb,
    check (not (public and allow_without_pkce)),
    check (not (public and key_set is not null))
);

-- SHA-256 of secrets of 256 random bits: two at a time, so that one can take the other's place without a gap.
create table oidc_secrets (
    id             bigint generated always as identity primary key,
    application_id bigint      not null references oidc_clients on delete cascade,
    secret_hash    bytea       not null check (length(secret_hash) = 32),
    created_at     timestamptz not null default now()
);
create index oidc_secrets_application on oidc_secrets (application_id);

-- What a client asked for, what its user proved, and what came of it. Until its user is known it belongs to no session;
-- from then on it dies with one.
create table oidc_grants (
    id             bigint generated always as identity primary key,
    application_id bigint      not null references oidc_clients on delete cascade,
    -- SHA-256 of what the browser's address has, while its user logs in.
    handle_hash    bytea       not null unique check (length(handle_hash) = 32),
    redirect_uri   text        not null,
    state          text        not null,
    nonce          text        not null,
    scopes         text[]      not null,
    code_challenge text        not null,
    prompt         text[]      not null,
    max_age        integer,
    acr_values     text[]      not null,
    -- Whom the client expects, by an ID token of before.
    subject_hint   text        not null default '',
    asked_at       timestamptz not null default now(),
    expires_at     timestamptz not null default now() + oidc_request_life(),
    -- The answer.
    session_id     bigint      references sessions on delete cascade,
    -- The session, as its client knows it.
    sid            text,
    code_hash      bytea       unique check (length(code_hash) = 32),
    code_until     timestamptz,
    redeemed_at    timestamptz,
    acr            text        not null default '',
    amr            text[]      not null default '{}',
    auth_time      timestamptz,
    factor_time    timestamptz,
    ended_at       timestamptz,
    check ((session_id is null) = (code_hash is null) and (session_id is null) = (sid is null))
);
create index oidc_grants_session on oidc_grants (session_id) where session_id is not null;
create index oidc_grants_application on oidc_grants (application_id);
create index oidc_grants_over on oidc_grants (expires_at) where session_id is null;

-- An access token, with the refresh token that came with it. Those of one grant form a chain: each refresh token serves
-- once, and one that comes again ends the grant.
create table oidc_tokens (
    id           bigint generated always as identity primary key,
    grant_id     bigint      not null references oidc_grants on delete cascade,
    scopes       text[]      not null,
    issued_at    timestamptz not null default now(),
    expires_at   timestamptz not null default now() + oidc_token_life(),
    refresh_hash bytea       unique check (length(refresh_hash) = 32),
    refreshed_at timestamptz
);
create index oidc_tokens_grant on oidc_tokens (grant_id);

-- Signed requests of clients that were seen: each serves once (RFC 7523).
create table oidc_assertions (
    application_id bigint      not null references oidc_clients on delete cascade,
    id_hash        bytea       not null check (length(id_hash) = 32),
    until          timestamptz not null,
    primary key (application_id, id_hash)
);
create index oidc_assertions_until on oidc_assertions (until);

-- Grants whose session lives, with the user, and with what the application demands of them now.
create view oidc_standings as
select g.id, g.application_id, g.session_id::bigint as session_id, g.sid::text as sid, g.scopes, g.nonce,
    g.state, g.redirect_uri, g.code_challenge,
    g.code_hash, g.code_until, g.redeemed_at, g.acr, g.amr, g.auth_time::timestamptz as auth_time, g.factor_time,
    g.asked_at,
    c.client_id, a.name as application, s.user_id, s.level, s.second_factor_at, s.demanded::boolean as demanded,
    s.password_too_short::boolean as password_too_short, s.office_id::bigint as office_id,
    s.office_code::text as office_code, s.office_name::text as office_name, s.username, s.name, s.role, u.email,
    u.subject::text as subject, s.language, d.admitted::boolean as admitted, d.disabled::boolean as disabled,
    d.off::boolean as off, d.roles::text[] as roles, d.require_two_factor,
    coalesce(d.max_factor_age, interval '0')::interval as max_factor_age
from oidc_grants g
join oidc_clients c on c.application_id = g.application_id
join applications a on a.id = g.application_id
join living_sessions s on s.id = g.session_id
join users u on u.id = s.user_id
join application_doors d on d.application_id = g.application_id and d.office_id = s.office_id
where g.ended_at is null;

-- +goose Down
select 1;
