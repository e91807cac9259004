-- name: LinkInsert :one
-- invited: by somebody of the office. A link that was asked for just now lives for minutes, whatever it sets.
insert into one_time_links (purpose, user_id, token_hash, expires_at)
values (@purpose, @user_id, @token_hash,
    now() + case when @invited::boolean then invitation_life(@user_id) else link_life() end)
returning id;

-- name: LinksOfLastMinute :many
-- Who of these users has a living link that is younger than a minute.
select distinct user_id from one_time_links
where user_id = any(@user_ids::bigint[]) and used_at is null and expires_at > now() and purpose <> 'stop'
    and created_at > now() - interval '1 minute';

-- name: LinkInsertStop :one
insert into one_time_links (purpose, user_id, token_hash, expires_at)
values ('stop', @user_id, @token_hash, now() + help_stop_life())
returning id;

-- name: LinkByToken :one
-- A link that lives, with what the rules for its user's new password need.
select l.id, l.purpose, l.user_id, u.office_id::bigint as office_id, u.username, u.name, u.email, u.role,
    o.code as office_code, o.name as office_name,
    second_factor_demanded(o.id, u.id, now())::boolean as two_factor_required
from one_time_links l
join users u on u.id = l.user_id
join offices o on o.id = u.office_id
where l.token_hash = @token_hash and l.used_at is null and l.expires_at > now() and u.disabled_at is null;

-- name: LinkOwner :one
-- Whose a link is, or was.
select o.code as office_code, u.username
from one_time_links l
join users u on u.id = l.user_id
join offices o on o.id = u.office_id
where l.token_hash = @token_hash and l.purpose <> 'stop';

-- name: LinkUse :execrows
-- Of many at once, one wins.
update one_time_links set used_at = now(), used_by = @used_by
where id = @id and used_at is null and expires_at > now();

-- name: LinkUsedJustNow :one
-- The password's hash of the user whose link has just set it in this browser.
select u.password_hash from one_time_links l join users u on u.id = l.user_id
where l.token_hash = @token_hash and l.used_by = @used_by::bytea and l.used_at > now() - used_link_life();

-- name: LinkEndOfUser :exec
-- The user's links of one purpose, or of every ('').
update one_time_links set used_at = now()
where user_id = @user_id and used_at is null and (@purpose::text = '' or purpose = @purpose);

-- name: LinkDeleteOld :execrows
delete from one_time_links where id in (
    select l.id from one_time_links l where l.expires_at < now() - interval '30 days' limit @batch
);

-- name: ForgottenLock :exec
-- Held to the end of the transaction: requests for one name, and then those of one site, are counted one after the
-- other.
select pg_advisory_xact_lock(11, hashtext(encode(@name_hash::bytea, 'hex'))),
    pg_advisory_xact_lock(12, hashtext(@site::text));

-- name: ForgottenCounts :one
-- How many requests for a name count still, and whether too many came from a network, its site, or in all. In a
-- browser that is known for the name's user nobody else's count.
select
    (select count(*) from password_reset_requests f
        where f.name_hash = @name_hash and f.asked_at > now() - link_life())::int as of_name,
    (not exists (select from users u join offices o on o.id = u.office_id
        where o.code = @office_code and u.username = any(@usernames::text[])
            and browser_is_known(u.id, @browser_hash, 1))
    and ((select count(*) from password_reset_requests f
            where f.network = @network and f.asked_at > now() - interval '1 hour')
        >= max_reset_requests(false, @own::boolean)
    or (select count(*) from password_reset_requests f
            where f.site = @site and f.asked_at > now() - interval '1 hour') >= max_reset_requests(true, @own)
    or (select count(*) from password_reset_requests f where f.asked_at > now() - interval '1 hour')
        >= max_forms_of_strangers()
        and exists (select from password_reset_requests f
            where f.site = @site and f.asked_at > now() - interval '1 hour')))::boolean as too_many;

-- name: ForgottenInsert :one
-- One statement for known and unknown names alike. Who is disabled or cannot be written to is found out by the job.
insert into password_reset_requests (name_hash, user_id, address, network, site, user_agent, language)
values (@name_hash, (select u.id from users u join offices o on o.id = u.office_id
    where o.code = @office_code and u.username = any(@usernames::text[])
    order by array_position(@usernames::text[], u.username) limit 1),
    @address, @network, @site, @user_agent, @language)
returning id;

-- name: ForgottenByID :one
select f.user_id, f.address, f.user_agent, f.language, (f.asked_at > now() - link_life())::boolean as recent
from password_reset_requests f where f.id = @id;

-- name: ForgottenDeleteOld :execrows
delete from password_reset_requests where id in (
    select f.id from password_reset_requests f where f.asked_at < now() - interval '1 hour' limit @batch
);

-- name: ForgottenTrim :execrows
-- The oldest beyond the bound of all.
delete from password_reset_requests where id in (
    select f.id from password_reset_requests f order by f.asked_at desc offset max_rows_of_strangers() limit @batch
);

-- name: UserByID :one
select id, office_id, username, email, disabled_at,
    (password_hash = '' and password_voided_at is null)::boolean as invited
from users where id = @id;
