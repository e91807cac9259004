-- name: UserForSignIn :one
-- The office, and its user of a name, each 0 when there is none, and how the browser and the network stand to them: one
-- statement for every outcome. A name has several forms, the nearest first: see account.LookUp.
select coalesce(o.id, 0)::bigint as office_id, coalesce(u.id, 0)::bigint as id,
    coalesce(u.username, '')::text as username, coalesce(u.name, '')::text as name, coalesce(u.role, '')::text as role,
    coalesce(u.language, '')::text as language, coalesce(u.password_hash, '')::text as password_hash,
    coalesce(u.password_version, 0)::bigint as password_version, u.password_long,
    coalesce(u.password_form, '')::text as password_form, u.disabled_at,
    k.known::boolean as known, (not k.known and network_braked(@account, @network, @site, @own))::boolean as braked
from (select @office_code::text as code) asked
left join offices o on o.code = asked.code
left join lateral (
    select n.id, n.username, n.name, n.role, n.language, n.password_hash, n.password_version, n.password_long,
        n.password_form, n.disabled_at
    from users n
    where n.office_id = o.id and n.username = any(@usernames::text[])
    order by array_position(@usernames::text[], n.username) limit 1
) u on true
cross join lateral (select coalesce(browser_is_known(u.id, @browser_hash, 1), false) as known) k;

-- name: UserInsert :one
insert into users (office_id, username, name, email, role, password_hash)
values (@office_id::bigint, @username, @name, @email, @role, @password_hash)
returning id;

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
