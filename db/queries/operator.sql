-- An operator is a user without an office.

-- name: OperatorInsert :one
insert into users (office_id, username, name, role, password_hash)
values (null, @username, @username, 'operator', @password_hash)
returning id;

-- name: OperatorForSignIn :one
select id, username, name, role, language, password_hash, disabled_at from users
where office_id is null and username = @username;

-- name: OperatorList :many
select u.username, u.created_at, (a.user_id is not null)::boolean as has_authenticator
from users u left join authenticators a on a.user_id = u.id
where u.office_id is null
order by u.username;

-- name: OperatorDelete :one
-- Sessions and authenticator go with the row.
delete from users where office_id is null and username = @username returning id;

-- name: OperatorKnownBrowser :one
select exists (
    select 1 from known_browsers k
    join users u on u.id = k.user_id
    where u.office_id is null and u.username = @username
        and k.browser_hash = @browser_hash and k.signed_in_at > now() - interval '90 days'
)::boolean;
