-- name: SessionInsert :one
insert into sessions (user_id, token_hash, address, user_agent, expires_at)
values (@user_id, @token_hash, @address, @user_agent, now() + @life::interval)
returning id;

-- name: SessionLoad :one
-- The whole check of a request in one statement, by the database's clock: the session lives, its user
-- is enabled, and what the office demands now (of an operator, who has none, always two factors).
-- 15 minutes idle for a superuser and an operator, 30 for others; a pending log-in has its overall limit alone.
-- A session that single sign-on began is worth what the office's policy for it says now: nothing, one factor or two.
select s.id, s.user_id, s.methods,
    (case when 'sso_mfa' = any(s.methods) and sso.policy is distinct from 'trust' then 1 else s.level end)::smallint as level,
     s.password_at, s.second_factor_at, s.created_at,
    coalesce(u.office_id, 0)::bigint as office_id, u.username, u.name, u.role, u.language,
    coalesce(o.code, '')::text as office_code, coalesce(o.name, '')::text as office_name,
    coalesce(o.two_factor_required, true)::boolean as two_factor_required,
    -- A short password that stands alone, since the office no longer demands a second factor.
    (u.password_long is false and not coalesce(o.two_factor_required, true))::boolean as password_too_short,
    now()::timestamptz as now,
    (s.last_seen_at < now() - interval '1 minute')::boolean as to_touch
from sessions s
join users u on u.id = s.user_id
left join offices o on o.id = u.office_id
left join sso_providers sso on sso.office_id = u.office_id
where s.token_hash = @token_hash
    and not (s.methods[1] = 'sso' and o.two_factor_required and coalesce(sso.policy, 'refuse') = 'refuse')
    and s.ended_at is null
    and s.expires_at > now()
    and u.disabled_at is null
    and s.last_seen_at > now() - case when u.role in ('superuser', 'operator') then interval '15 minutes' else interval '30 minutes' end;

-- name: SessionTouch :exec
update sessions set last_seen_at = now()
where id = @id and ended_at is null and last_seen_at < now() - interval '1 minute';

-- name: SessionRaise :execrows
-- The second factor was proven: a new token, a new overall limit. Only a living session can rise.
update sessions
set token_hash = @token_hash, level = 2, methods = array[methods[1], @method::text], proof_tries = 0,
    second_factor_at = now(), last_seen_at = now(),
    expires_at = case when level = 1 then now() + @life::interval else expires_at end
where id = @id and ended_at is null and expires_at > now();

-- name: SessionPasswordProven :execrows
update sessions
set token_hash = @token_hash, password_at = now(), last_seen_at = now()
where id = @id and ended_at is null and expires_at > now();

-- name: SessionProofCharge :one
-- One of five tries with an authenticator or recovery code, counted before the code is looked at.
update sessions set proof_tries = proof_tries + 1
where id = @id and ended_at is null and expires_at > now() and proof_tries < 5
returning proof_tries;

-- name: SessionEnd :execrows
update sessions set ended_at = now() where id = @id and user_id = @user_id and ended_at is null;

-- name: SessionEndOfUser :execrows
-- Every session of the user but one (0: every one).
update sessions set ended_at = now() where user_id = @user_id and id <> @but and ended_at is null;

-- name: SessionShortenOfOffice :exec
-- Two factors became mandatory: sessions without the second are pending log-ins from here on.
update sessions s set expires_at = least(s.expires_at, now() + @life::interval)
from users u
where u.id = s.user_id and u.office_id = @office_id::bigint and s.level = 1 and s.ended_at is null;

-- name: SessionList :many
select id, level, methods, address, user_agent, created_at, last_seen_at
from sessions
where user_id = @user_id and ended_at is null and expires_at > now() and level >= @level
order by last_seen_at desc, id desc
limit 100;

-- name: SessionDeleteOld :exec
delete from sessions where expires_at < now() - interval '30 days';

-- name: KnownBrowserPut :exec
insert into known_browsers (user_id, browser_hash) values (@user_id, @browser_hash)
on conflict (user_id, browser_hash) do update set signed_in_at = now();

-- name: KnownBrowserOf :one
select exists (
    select 1 from known_browsers k
    join users u on u.id = k.user_id
    join offices o on o.id = u.office_id
    where o.code = @office_code and u.username = @username
        and k.browser_hash = @browser_hash and k.signed_in_at > now() - interval '90 days'
)::boolean;

-- name: KnownBrowserDeleteOld :exec
delete from known_browsers where signed_in_at < now() - interval '90 days';
