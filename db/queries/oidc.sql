-- name: OIDCClientInsert :exec
insert into oidc_clients (application_id, client_id, redirect_uris, post_logout_uris, backchannel_logout_uri, public,
    allow_without_pkce, algorithm, key_set)
values (@application_id, @client_id, @redirect_uris::text[], @post_logout_uris::text[], @backchannel_logout_uri,
    @public, @allow_without_pkce, @algorithm, sqlc.narg(key_set)::jsonb);

-- name: OIDCClientUpdate :exec
-- A public client needs PKCE, whatever is asked.
update oidc_clients set redirect_uris = @redirect_uris::text[], post_logout_uris = @post_logout_uris::text[],
    backchannel_logout_uri = @backchannel_logout_uri, allow_without_pkce = @allow_without_pkce and not public,
    algorithm = @algorithm
where application_id = @application_id;

-- name: OIDCClient :one
select c.application_id, c.client_id, c.redirect_uris, c.post_logout_uris, c.backchannel_logout_uri, c.public,
    c.allow_without_pkce, c.algorithm, coalesce(c.key_set, 'null')::jsonb as key_set, a.name,
    (a.disabled_at is not null)::boolean as disabled
from oidc_clients c join applications a on a.id = c.application_id
where c.client_id = @client_id::text or c.application_id = @application_id::bigint;

-- name: OIDCSecretInsert :exec
insert into oidc_secrets (application_id, secret_hash) values (@application_id, @secret_hash);

-- name: OIDCSecretDrop :exec
-- All but the newest two.
delete from oidc_secrets s where s.application_id = @application_id and s.id not in (
    select n.id from oidc_secrets n where n.application_id = @application_id order by n.id desc limit 2
);

-- name: OIDCSecretMatches :one
select exists (
    select from oidc_secrets s join oidc_clients c using (application_id)
    where c.client_id = @client_id and s.secret_hash = @secret_hash
)::boolean;

-- name: OIDCAssertionUse :execrows
insert into oidc_assertions (application_id, id_hash, until) values (@application_id, @id_hash, @until)
on conflict do nothing;

-- name: OIDCAsk :exec
insert into oidc_grants (application_id, handle_hash, redirect_uri, state, nonce, scopes, code_challenge, prompt,
    max_age, acr_values, subject_hint)
values (@application_id, @handle_hash, @redirect_uri, @state, @nonce, @scopes::text[], @code_challenge,
    @prompt::text[], sqlc.narg(max_age)::integer, @acr_values::text[], @subject_hint);

-- name: OIDCAsked :one
-- A request whose user is not known yet.
select g.id, g.application_id, g.redirect_uri, g.state, g.prompt, coalesce(g.max_age, -1)::integer as max_age,
    g.acr_values, g.subject_hint, g.asked_at, a.name
from oidc_grants g join applications a on a.id = g.application_id
where g.handle_hash = @handle_hash and g.session_id is null and g.expires_at > now();

-- name: OIDCSubject :one
select subject::text as subject from users where id = @id;

-- name: OIDCAnswer :execrows
-- The user is known: the request gets its code. A session has one name for all that a client asks in it.
update oidc_grants g set session_id = @session_id::bigint, code_hash = @code_hash,
    code_until = now() + oidc_code_life(),
    acr = @acr, amr = @amr::text[], auth_time = @auth_time::timestamptz,
    factor_time = sqlc.narg(factor_time)::timestamptz,
    sid = coalesce((select o.sid from oidc_grants o where o.session_id = @session_id::bigint
        and o.application_id = g.application_id order by o.id limit 1), gen_random_uuid()::text)
where g.id = @id and g.session_id is null and g.expires_at > now();

-- name: OIDCStandingOfCode :one
select sqlc.embed(s), now()::timestamptz as now,
    held_back(s.session_id)::boolean as held
from oidc_standings s where s.code_hash = @code_hash;

-- name: OIDCStandingOfToken :one
select sqlc.embed(s), t.scopes, t.issued_at, t.expires_at, now()::timestamptz as now,
    held_back(s.session_id)::boolean as held
from oidc_tokens t join oidc_standings s on s.id = t.grant_id
where t.id = @id and t.expires_at > now();

-- name: OIDCStandingOfRefresh :one
select sqlc.embed(s), t.scopes, (t.refreshed_at is not null)::boolean as used, now()::timestamptz as now,
    held_back(s.session_id)::boolean as held
from oidc_tokens t join oidc_standings s on s.id = t.grant_id
where t.refresh_hash = @refresh_hash;

-- name: OIDCRedeem :execrows
-- A code serves once.
update oidc_grants set redeemed_at = now()
where id = @id and redeemed_at is null and ended_at is null and code_until > now();

-- name: OIDCRefresh :execrows
-- So does a refresh token.
update oidc_tokens set refreshed_at = now() where refresh_hash = @refresh_hash and refreshed_at is null;

-- name: OIDCTokenInsert :one
insert into oidc_tokens (grant_id, scopes, refresh_hash)
select g.id, @scopes::text[], sqlc.narg(refresh_hash)::bytea
from oidc_grants g where g.id = @grant_id and g.ended_at is null
returning id, expires_at;

-- name: OIDCGrantEnd :execrows
update oidc_grants set ended_at = now() where id = @id and ended_at is null;

-- name: OIDCTokenGrant :one
-- Which grant a token of a client belongs to, however old it is.
select t.grant_id, t.id from oidc_tokens t join oidc_grants g on g.id = t.grant_id
join oidc_clients c on c.application_id = g.application_id
where c.client_id = @client_id and (t.id = @id::bigint or t.refresh_hash = sqlc.narg(refresh_hash)::bytea);

-- name: OIDCGrantDeleteOld :execrows
-- Requests that nobody answered, and grants that came to nothing or are over.
delete from oidc_grants where id in (
    select g.id from oidc_grants g
    where g.session_id is null and g.expires_at < now()
        or g.session_id is not null and g.redeemed_at is null and g.code_until < now() - interval '1 day'
        or g.ended_at < now() - interval '1 day' limit @batch
);

-- name: OIDCTokenDeleteOld :execrows
-- Tokens that serve no more: of one that was refreshed long ago a second use is not looked for.
delete from oidc_tokens where id in (
    select t.id from oidc_tokens t
    where t.expires_at < now() - interval '1 day'
        and (t.refresh_hash is null or t.refreshed_at < now() - interval '1 day')
    limit @batch
);

-- name: OIDCAssertionDeleteOld :execrows
delete from oidc_assertions where (application_id, id_hash) in (
    select a.application_id, a.id_hash from oidc_assertions a where a.until < now() limit @batch
);

-- name: OIDCSidOfSession :one
-- Whether an application knows a session by this name.
select exists (
    select from oidc_grants g where g.session_id = @session_id::bigint and g.sid = @sid::text
)::boolean;
