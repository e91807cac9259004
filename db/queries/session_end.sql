-- name: SessionOldest :many
-- The living sessions of a user beyond the newest ones, of the levels given; the session keep is never among them.
select id from sessions
where user_id = @user_id and id <> @keep and ended_at is null and expires_at > now()
    and level between @low::smallint and @high::smallint
order by created_at desc, id desc
offset @newest::int;

-- name: SessionEndOfOffice :execrows
-- Every session of an office but one (0: every one).
update sessions s set ended_at = now()
from users u
where u.id = s.user_id and u.office_id = @office_id::bigint and s.id <> @but and s.ended_at is null;

-- name: ChallengeEndOfOffice :exec
update challenges c set ended_at = now(), outcome = @outcome::text, code_ct = null
from users u
where u.id = c.user_id and u.office_id = @office_id::bigint and c.session_id <> @but and c.ended_at is null;

-- name: SessionOwned :one
select exists (select 1 from sessions where id = @id and user_id = @user_id and ended_at is null)::boolean;
