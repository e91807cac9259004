-- The ways in which sessions end, used by session.Store.End alone. Challenges end first, in the order in which
-- everybody takes these rows.

-- name: SessionOldest :many
-- The living sessions of a user beyond the newest, of the levels given; the session keep is never among them.
select id from living_sessions
where user_id = @user_id and id <> @keep and level between @low::smallint and @high::smallint
order by created_at desc, id desc
offset @newest::int;

-- name: PendingOldest :many
-- The pending log-ins of a user beyond the newest, in known browsers or in others. Of others the network, and the site,
-- with the most loses its oldest first: a site of IPv6 has 65 536 networks. Never among them are the session keep, and
-- one in which the word of a reset was given: only the user has it.
select w.id from (
    select v.id, v.created_at,
        row_number() over (partition by s.network order by v.created_at desc, v.id desc)
            + row_number() over (partition by s.site order by v.created_at desc, v.id desc) as nth
    from living_sessions v join sessions s on s.id = v.id
    where v.user_id = @user_id and v.id <> @keep and v.level = 1 and v.known_browser = @known_browser::boolean
        and s.word_given_at is null
) w
order by case when @known_browser then 0 else w.nth end, w.created_at desc, w.id desc
offset @newest::int;

-- name: SessionEnd :execrows
update sessions set ended_at = now() where id = @id and user_id = @user_id and ended_at is null;

-- name: SessionEndOfUser :execrows
-- Every session of the user but one (0: every one).
update sessions set ended_at = now() where user_id = @user_id and id <> @except_id and ended_at is null;

-- name: SessionEndOfOffice :execrows
-- Every session of an office but one (0: every one).
update sessions s set ended_at = now()
from users u
where u.id = s.user_id and u.office_id = @office_id::bigint and s.id <> @except_id and s.ended_at is null;

-- name: SessionRenew :exec
-- The session in which its user changed the password goes on under the new one.
update sessions s set password_version = u.password_version
from users u
where s.id = @id and u.id = s.user_id and u.id = @user_id;

-- name: ChallengeEndOfOffice :exec
update challenges c set ended_at = now(), outcome = @outcome::text, code_ct = null
from users u
where u.id = c.user_id and u.office_id = @office_id::bigint and c.session_id <> @except_id and c.ended_at is null;

-- name: ChallengeEndOfSSO :exec
-- See SessionEndOfSSO.
update challenges c set ended_at = now(), outcome = 'abandoned', code_ct = null
from sessions s
join users u on u.id = s.user_id
where s.id = c.session_id and c.ended_at is null and s.ended_at is null and u.office_id = @office_id::bigint
    and s.methods[1] = 'sso' and s.id <> @except_id;

-- name: SessionEndOfSSO :exec
-- The sessions of an office that single sign-on began, but one (0: none).
update sessions s set ended_at = now()
from users u
where u.id = s.user_id and u.office_id = @office_id::bigint and s.methods[1] = 'sso' and s.id <> @except_id
    and s.ended_at is null;

-- name: SessionOwned :one
select exists (select from living_sessions where id = @id and user_id = @user_id)::boolean;

-- name: SessionDemoted :many
-- The sessions of an office that are no more than pending log-ins since a moment ago: of one factor, where one more is
-- demanded of their user; or of one source; or this one.
select s.id from sessions s
join users u on u.id = s.user_id
where s.ended_at is null and u.office_id = @office_id::bigint and case
    when @session_id::bigint <> 0 then s.id = @session_id
    when @source::text <> '' then @source = any(s.methods)
    else s.level = 1 and second_factor_demanded(u.office_id, u.id, now())
end;

-- name: ChallengeEndOfDemoted :exec
update challenges c set ended_at = now(), outcome = 'abandoned', code_ct = null
where c.session_id = any(@ids::bigint[]) and c.ended_at is null;

-- name: SessionDemote :exec
-- What was under way in sessions goes, and what was let in by them.
with enrolling as (delete from enrolments where session_id = any(@ids::bigint[])),
sheets as (delete from recovery_sheets where session_id = any(@ids::bigint[])),
forms as (delete from held_forms where session_id = any(@ids::bigint[])),
opened as (delete from application_sessions where session_id = any(@ids::bigint[])),
granted as (update oidc_grants set ended_at = now() where session_id = any(@ids::bigint[]) and ended_at is null)
update sessions s set expires_at = least(s.expires_at, now() + session_life(u.role, true)), pending = true
from users u
where s.id = any(@ids::bigint[]) and u.id = s.user_id;

-- name: SessionLoggedOut :exec
update sessions set logged_out = true where id = @id;

-- name: SessionEnding :one
-- Why the session of a token is over, and whose it was. With the last of too many wrong proofs its challenge ended,
-- too.
select s.user_id, (case
        when exists (select from help_requests h where h.session_id = s.id and h.outcome = 'reset') then 'reset'
        when s.ended_at is not null and (s.proof_tries >= max_tries() or exists (
            select from challenges c
            where c.session_id = s.id and c.outcome = 'exhausted' and c.ended_at = s.ended_at
        )) then 'exhausted'
        when s.logged_out then 'other_tab'
        when s.ended_at is not null or s.password_version <> u.password_version or u.disabled_at is not null
            then 'ended'
        when s.level = 1 and s.expires_at <= s.created_at + session_life(u.role, true) then 'over'
        when s.expires_at <= now() then 'limit'
        when s.last_seen_at <= now() - idle_limit(u.role) then 'idle'
        else 'ended'
    end)::text as why,
    (extract(epoch from idle_limit(u.role)) / 60)::integer as idle_minutes,
    (extract(epoch from session_life(u.role, false)) / 3600)::integer as most_hours
from sessions s join users u on u.id = s.user_id
where s.token_hash = @token_hash;
