-- An operator is a user without an office.

-- name: OperatorInsert :one
insert into users (office_id, username, name, role, password_hash)
values (null, @username, @username, 'operator', @password_hash)
returning id;

-- name: OperatorForSignIn :one
-- UserForSignIn for an operator.
select coalesce(u.id, 0)::bigint as id, coalesce(u.username, '')::text as username, coalesce(u.name, '')::text as name,
    coalesce(u.role, '')::text as role, coalesce(u.language, '')::text as language,
    coalesce(u.password_hash, '')::text as password_hash, coalesce(u.password_version, 0)::bigint as password_version,
    coalesce(u.password_form, '')::text as password_form, u.disabled_at,
    k.known::boolean as known, (not k.known and network_braked(@account, @network, @site, @own))::boolean as braked
from (select @usernames::text[] as usernames) asked
left join lateral (
    select n.id, n.username, n.name, n.role, n.language, n.password_hash, n.password_version, n.password_form,
        n.disabled_at
    from users n
    where n.office_id is null and n.username = any(asked.usernames)
    order by array_position(asked.usernames, n.username) limit 1
) u on true
cross join lateral (select coalesce(browser_is_known(u.id, @browser_hash, 1), false) as known) k;

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

