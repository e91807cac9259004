-- name: SessionCrowded :one
select log_ins_crowded(@user_id, @browser_hash, @network, @site, @own)::boolean;

-- name: SessionInsert :one
-- A session of a user who is enabled and, where a password was proven, whose password is still that one, and who has no
-- crowd of pending log-ins; else no row. many: so many others live that some may have to end.
-- What single sign-on begins has no proven password: its moment is the beginning of time.
insert into sessions (user_id, token_hash, level, methods, address, user_agent, password_at, second_factor_at,
    expires_at, password_version, network, site, browser_hash, known_browser, pending)
select u.id, @token_hash, @level::smallint, @methods::text[], @address, @user_agent,
    case when @by_password::boolean then now() else to_timestamp(0) end,
    case when @level::smallint = 2 and 'trusted_browser' <> all(@methods::text[]) then now() end,
    now() + session_life(u.role, @pending::boolean), u.password_version, @network, @site, @browser_hash,
    browser_is_known(u.id, @browser_hash, 2), @pending
from users u
where u.id = @user_id and u.disabled_at is null
    and (not @by_password::boolean or u.password_version = @password_version::bigint)
    and not (@pending and log_ins_crowded(u.id, @browser_hash, @network, @site, @own))
returning id, (known_browser or level = 2)::boolean as known_browser, (
    select count(*) from sessions o where o.user_id = @user_id and o.ended_at is null) >= @newest::int as many;

-- name: SessionAdopt :one
-- The pending log-in of a user in a browser in which a code is under way, with a new token: their password was proven
-- there once more. No row when there is none.
update sessions s set token_hash = @token_hash, password_at = now(), last_seen_at = now(),
    expires_at = now() + session_life(u.role, true)
from users u
where u.id = s.user_id and s.id = (
    select l.id from living_sessions l
    join sessions b on b.id = l.id
    join challenges c on c.session_id = l.id and c.purpose = 'sign_in' and c.ended_at is null
    where l.user_id = @user_id and l.level = 1 and l.demanded and b.browser_hash = @browser_hash::bytea
        and b.password_version = @password_version::bigint and l.methods = @methods::text[]
        and c.expires_at > now() + interval '1 minute'
    order by l.id desc limit 1
)
returning s.id, s.known_browser;

-- name: SessionLoad :one
-- The whole check of a request in one statement, by the database's clock. See the view living_sessions.
select s.id, s.user_id, s.methods, s.level, s.password_at, s.second_factor_at, s.created_at,
    coalesce(s.office_id, 0)::bigint as office_id, s.username, s.name, s.role, s.language,
    coalesce(s.office_code, '')::text as office_code, coalesce(s.office_name, '')::text as office_name,
    s.demanded::boolean as demanded, s.password_too_short::boolean as password_too_short,
    factors_of(s.user_id)::jsonb as factors, now()::timestamptz as now,
    (s.last_seen_at < now() - interval '1 minute')::boolean as to_touch, s.known_browser::boolean as known_browser,
    word_owed(s.id)::boolean as word_owed,
    exists (select from kept_answers k where k.asked_by = s.token_hash)::boolean as has_kept_answer,
    s.expires_at, s.last_seen_at, idle_limit(s.role)::interval as idle_limit, s.limited::boolean as limited,
    coalesce(s.cooling_until, 'epoch')::timestamptz as cooling_until,
    -- Not of whose second factor is the provider's, nor of who cools off, and may make none before.
    (s.role = 'superuser' and s.demanded and s.level = 2 and s.cooling_until is null
        and 'sso_mfa' <> all(s.methods) and passkey_owed(s.office_id, s.user_id))::boolean as passkey_owed,
    (s.demanded and s.level = 1 and not (select p.pending from sessions p where p.id = s.id))::boolean as to_demote,
    coalesce((select o.trusted_browser_days from offices o where o.id = s.office_id), 0)::integer as trust_days
from living_sessions s
where s.token_hash = @token_hash;

-- name: SessionStanding :one
-- What a session and its user are at this moment, for whoever holds the user's row.
select s.role, s.level, s.methods, s.password_at, s.second_factor_at, s.demanded::boolean as demanded,
    factors_of(s.user_id)::jsonb as factors, now()::timestamptz as now,
    s.known_browser::boolean as known_browser, word_owed(s.id)::boolean as word_owed,
    factor_elsewhere(s.user_id)::boolean as factor_elsewhere,
    s.limited::boolean as limited,
    coalesce(s.cooling_until, 'epoch')::timestamptz as cooling_until
from living_sessions s
where s.id = @id and s.user_id = @user_id;

-- name: SessionTouch :exec
update sessions set last_seen_at = now()
where id = @id and ended_at is null and last_seen_at < now() - interval '1 minute';

-- name: SessionRaise :one
-- The second factor was proven: a new token, a new overall limit. Only a living session can rise. many: as in
-- SessionInsert.
update sessions s
set token_hash = @token_hash, level = 2, methods = array[s.methods[1], @method::text], proof_tries = 0,
    known_browser = true,
    second_factor_at = now(), last_seen_at = now(),
    expires_at = case when s.level = 1
        then now() + session_life((select u.role from users u where u.id = s.user_id), false)
        else s.expires_at end
where s.id = @id and s.ended_at is null and s.expires_at > now()
returning (select count(*) from sessions o
    where o.user_id = s.user_id and o.id <> s.id and o.ended_at is null) >= @newest::int as many;

-- name: SessionPasswordProven :execrows
update sessions
set token_hash = @token_hash, password_at = now(), last_seen_at = now()
where id = @id and ended_at is null and expires_at > now();

-- name: SessionProofCharge :one
-- One try with a factor that has no challenge, counted before the proof is looked at, and how many are left after it.
update sessions set proof_tries = proof_tries + 1
where id = @id and ended_at is null and expires_at > now() and proof_tries < max_tries()
returning (max_tries() - proof_tries)::integer as tries_left;

-- name: SessionList :many
select id, level, methods, address, user_agent, created_at, last_seen_at
from living_sessions
where user_id = @user_id and level >= @level
order by last_seen_at desc, id desc
limit 100;

-- name: SessionDeleteOld :execrows
delete from sessions where id in (
    select s.id from sessions s where s.expires_at < now() - interval '30 days' limit @batch
);

-- name: SessionDeleteBegun :execrows
-- Log-ins of strangers that came to nothing go after a day, unless a message was sent in them.
delete from sessions where id in (
    select s.id from sessions s
    where s.expires_at < now() - interval '1 day' and s.level = 1 and not s.known_browser
        and s.expires_at < s.created_at + interval '1 hour'
        and not exists (select from challenges c where c.session_id = s.id) limit @batch
);

-- name: LogInRemember :exec
-- What a completed log-in tells: the network that somebody came in from, the browser's time zone, and the browser; each
-- '' where it is not known.
with come as (
    insert into login_networks (network, site) select @network, @site where @network::text <> ''
    on conflict (network) do update set came_at = now()
), zoned as (
    update users set time_zone = @time_zone
    where id = @user_id and @time_zone::text <> '' and time_zone <> @time_zone
)
insert into known_browsers as k (user_id, browser_hash, level)
select @user_id, @browser_hash::bytea, @level where @browser_hash <> ''
on conflict (user_id, browser_hash) do update set signed_in_at = now(), level = greatest(k.level, excluded.level);

-- name: KnownBrowserPut :exec
insert into known_browsers as k (user_id, browser_hash, level) values (@user_id, @browser_hash, @level)
on conflict (user_id, browser_hash) do update set signed_in_at = now(), level = greatest(k.level, excluded.level);

-- name: KnownBrowserDeleteOld :execrows
delete from known_browsers where (user_id, browser_hash) in (
    select k.user_id, k.browser_hash from known_browsers k where k.signed_in_at < now() - known_browser_life()
    limit @batch
);

-- name: SessionPass :execrows
-- A superuser lets a log-in in for today: until a moment, and no longer than a session lives.
update sessions s set pass_until = least(@until::timestamptz, now() + session_life(u.role, false)),
    expires_at = least(@until::timestamptz, now() + session_life(u.role, false)), pending = false,
    last_seen_at = now()
from users u
where s.id = @id and u.id = s.user_id and s.ended_at is null and s.expires_at > now() and s.level = 1
    and @until::timestamptz > now();

-- name: UserFactorChanged :exec
-- From here the office's cooling-off counts.
update users set factor_changed_at = now() where id = @id;
