-- name: PasswordLock :one
-- The user's row, held while the password changes, with what its rules need. Office 0 is an operator's, whose password
-- is as long as one that stands alone.
select u.id, coalesce(u.office_id, 0)::bigint as office_id, u.username, u.name, u.email, u.role,
    u.password_hash, u.password_version,
    u.disabled_at, (u.password_voided_at is not null)::boolean as voided,
    coalesce(o.code, '') as office_code, coalesce(o.name, '') as office_name,
    (o.id is not null and second_factor_demanded(o.id, u.id, now()))::boolean as two_factor_required
from users u left join offices o on o.id = u.office_id
where coalesce(u.office_id, 0) = @office_id::bigint and u.id = @id for update of u;

-- name: PasswordSet :exec
-- Every session that was proven under the password before is over: see living_sessions.
update users set password_hash = @password_hash, password_long = @password_long, password_form = 'read'
where id = @id;

-- name: PasswordFormLearn :exec
-- A password of the time before was proven that is read as it was typed: the hash stands.
update users set password_form = 'read'
where id = @id and password_hash = @password_hash and password_form = 'typed';

-- name: PasswordRehash :exec
-- The same password in the form that is compared now. It is no new one: nothing ends with it.
update users set password_hash = @rehashed, password_form = 'rehashed'
where id = @id and password_hash = @password_hash and password_form = 'typed';

-- name: PasswordLengthLearn :exec
-- The length class of a password that was set before it was kept.
update users set password_long = @password_long::boolean where id = @id and password_long is null;

-- name: PasswordRules :one
select u.username, u.name, u.email, coalesce(o.code, '') as office_code, coalesce(o.name, '') as office_name,
    (o.id is not null and second_factor_demanded(o.id, u.id, now()))::boolean as two_factor_required
from users u left join offices o on o.id = u.office_id
where coalesce(u.office_id, 0) = @office_id::bigint and u.id = @id;

-- name: UserEmailFill :exec
update users set email = @email where id = @id and email = '';

-- name: SessionByPassword :one
-- Whether a session of a user began with the password.
select exists (select from sessions where id = @id and user_id = @user_id and methods[1] = 'pwd')::boolean;
