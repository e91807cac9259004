-- An operator is a user without an office.

-- name: OperatorInsert :one
insert into users (office_id, username, name, role, password_hash)
values (null, @username, @username, 'operator', @password_hash)
returning id;

-- name: OperatorForSignIn :one
select id, username, name, role, language, password_hash, password_form, password_version, disabled_at from users
where office_id is null and username = any(@usernames::text[])
order by array_position(@usernames::text[], username) limit 1;

-- name: OperatorsWithMail :many
select id from users where office_id is null and email <> '' and disabled_at is null order by id;

-- name: OperatorEmailSet :one
-- Where mails about the installation go.
update users set email = @email where id = (
    select x.id from users x where x.office_id is null and x.username = any(@usernames::text[])
    order by array_position(@usernames::text[], x.username) limit 1
) returning id, username;

-- name: OperatorList :many
select u.username, u.created_at
from users u
where u.office_id is null
order by u.username;

-- name: OperatorDelete :one
-- Sessions and authenticator go with the row.
delete from users where id = (
    select x.id from users x where x.office_id is null and x.username = any(@usernames::text[])
    order by array_position(@usernames::text[], x.username) limit 1
) returning id, username;

-- name: OperatorKnownBrowser :one
select exists (
    select from users u
    where u.office_id is null and u.username = any(@usernames::text[]) and browser_is_known(u.id, @browser_hash, 1)
)::boolean;
