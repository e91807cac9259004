-- name: UserInsert :one
insert into users (office_id, username, name, email, role, password_hash)
values (@office_id::bigint, @username, @name, @email, @role, @password_hash)
returning id;

-- name: UserForSignIn :one
-- A name has several forms, the nearest first: see account.LookUp.
select u.id, o.id as office_id, u.username, u.name, u.role, u.language, u.password_hash, u.password_version,
    u.password_long, u.password_form, u.disabled_at
from users u join offices o on o.id = u.office_id
where o.code = @office_code and u.username = any(@usernames::text[])
order by array_position(@usernames::text[], u.username) limit 1;

-- name: UserPasswordHash :one
select password_hash, password_form, password_version from users where id = @id and disabled_at is null;

-- name: UserInOffice :one
select u.id, coalesce(u.office_id, 0)::bigint as office_id, u.username, u.name, u.email, u.role, u.language,
    u.disabled_at, u.created_at,
    factors_of(u.id)::jsonb as factors
from users u
where u.office_id = @office_id::bigint and u.id = @id;

-- name: UserInOfficeByUsername :one
select id, name, role from users where office_id = @office_id::bigint and username = any(@usernames::text[])
order by array_position(@usernames::text[], username) limit 1;

-- name: UserLock :one
-- Taken before a user's factors change, so that two changes never cross. Office 0 is an operator's.
select id, coalesce(office_id, 0)::bigint as office_id, username, name, role from users
where coalesce(office_id, 0) = @office_id::bigint and id = @id for update;

-- name: UserLanguageSet :exec
update users set language = @language where id = @id;

-- name: UserHelpers :many
-- Whom a user of an office can ask for help: superusers who can log in, by name.
select name from users
where office_id = @office_id::bigint and role = 'superuser' and disabled_at is null and password_hash <> ''
    and id <> @except_id
order by lower(name), id limit 3;

-- name: UserSuperusers :many
select id from users where office_id = @office_id::bigint and role = 'superuser' and disabled_at is null order by id;
