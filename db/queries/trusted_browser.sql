-- name: TrustInsert :one
-- Trusts a browser whose session has just proven its password and a second factor, where the office allows that.
insert into trusted_browsers (user_id, token_hash, password_version, role, user_agent, expires_at)
select u.id, @token_hash, u.password_version, u.role, @user_agent,
    now() + make_interval(days => o.trusted_browser_days::integer)
from living_sessions s
join users u on u.id = s.user_id
join offices o on o.id = u.office_id
where s.id = @session_id and u.id = @user_id and s.methods[1] = 'pwd'
    and s.second_factor_at > now() - interval '1 minute' and o.trusted_browser_days is not null
returning id, expires_at, now()::timestamptz as now;

-- name: TrustUse :one
-- The trust that a user has in a browser, by what the browser keeps. Whoever ends it meanwhile waits, or is waited for.
update trusted_browsers t set used_at = now()
where t.ended_at is null and t.token_hash = any(@token_hashes::bytea[])
    and t.id in (select s.id from standing_trusts s where s.user_id = @user_id)
returning t.id;

-- name: SessionTrustedBy :exec
update sessions set trusted_by = @trusted_by::bigint where id = @id;

-- name: TrustList :many
select id, user_agent, created_at, used_at, expires_at, token_hash from standing_trusts
where user_id = @user_id order by used_at desc, id desc;

-- name: TrustOldest :many
-- Those of a user beyond the newest.
select id from standing_trusts where user_id = @user_id order by created_at desc, id desc offset @newest::int;

-- name: TrustEnd :execrows
-- One of a user, all of a user, or all of an office, whichever is not 0.
update trusted_browsers t set ended_at = now()
from users u
where u.id = t.user_id and t.ended_at is null and (@id::bigint = 0 or t.id = @id)
    and (t.user_id = @user_id::bigint or u.office_id = @office_id::bigint);

-- name: ChallengeEndOfTrusted :exec
-- See SessionEndOfTrusted.
update challenges c set ended_at = now(), outcome = 'abandoned', code_ct = null
from sessions s join trusted_browsers t on t.id = s.trusted_by join users u on u.id = s.user_id
where s.id = c.session_id and c.ended_at is null and s.ended_at is null and s.second_factor_at is null
    and t.ended_at is not null and (u.id = @user_id::bigint or u.office_id = @office_id::bigint);

-- name: SessionEndOfTrusted :exec
-- The sessions that stand by the trust in a browser alone, and whose trust has ended.
update sessions s set ended_at = now()
from trusted_browsers t, users u
where t.id = s.trusted_by and u.id = s.user_id and s.ended_at is null and s.second_factor_at is null
    and t.ended_at is not null and (u.id = @user_id::bigint or u.office_id = @office_id::bigint);

-- name: TrustDeleteOld :execrows
delete from trusted_browsers where id in (
    select t.id from trusted_browsers t where t.expires_at < now() - interval '1 day' limit @batch
);

-- name: OfficeTrustSet :execrows
-- 0 allows none.
update offices set trusted_browser_days = nullif(@days::smallint, 0)
where id = @id and trusted_browser_days is distinct from nullif(@days::smallint, 0);
