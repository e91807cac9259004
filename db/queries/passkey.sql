-- name: PasskeyHandle :one
-- Who a user is to authenticators, and the database's clock.
select u.passkey_handle, now()::timestamptz as now from users u where u.id = @id;

-- name: PasskeyList :many
select id, credential_id, public_key, name, aaguid, transports, sign_count, backup_eligible, backed_up, created_at,
    used_at, copied_at
from passkeys where user_id = @user_id order by id;

-- name: PasskeyInsert :execrows
-- No row for a user who has as many as one may have, nor for a credential that is somebody's already.
insert into passkeys (user_id, credential_id, public_key, name, aaguid, transports, sign_count, backup_eligible,
    backed_up)
select u.id, @credential_id, @public_key, @name, @aaguid, @transports::text[], @sign_count, @backup_eligible, @backed_up
from users u
where u.id = @user_id and (select count(*) from passkeys p where p.user_id = u.id) < max_passkeys()
on conflict do nothing;

-- name: PasskeyUse :execrows
-- A right proof: where the authenticator counts, it is above all before.
update passkeys set sign_count = @sign_count, backed_up = @backed_up, used_at = now()
where id = @id and copied_at is null
    and (sign_count < @sign_count::bigint or sign_count = 0 and @sign_count::bigint = 0);

-- name: PasskeyCopied :exec
update passkeys set copied_at = now() where id = @id and copied_at is null;

-- name: PasskeyRename :one
-- Another name, and the one before; no row when the user has no such passkey.
update passkeys p set name = @name
from (select b.id, b.name from passkeys b where b.user_id = @user_id and b.id = @id for no key update) before
where p.id = before.id
returning before.name;

-- name: PasskeyDelete :exec
delete from passkeys where user_id = @user_id;

-- name: PasskeyDeleteOne :one
delete from passkeys where user_id = @user_id and id = @id returning name;

-- name: PasskeyAnswer :execrows
-- Uses a challenge up that was made at a moment. No row when it was answered before, or is too old.
insert into passkey_answers (challenge_hash, expires_at)
select @challenge_hash, made.at + passkey_challenge_life()
from (select @made_at::timestamptz as at) made
where made.at + passkey_challenge_life() > now()
on conflict do nothing;

-- name: PasskeyAnswerDeleteOld :execrows
delete from passkey_answers where challenge_hash in (
    select a.challenge_hash from passkey_answers a where a.expires_at <= now() limit @batch
);

-- name: PasskeyAloneOffered :one
-- Whether a passkey is the whole log-in anywhere, and the database's clock.
select exists (select from office_passkeys o where o.alone)::boolean as offered, now()::timestamptz as now;

-- name: PasskeyOwner :one
-- Whose passkey a credential is, where it may be the whole log-in.
select u.id, u.office_id::bigint as office_id, u.username, f.code as office
from passkeys p
join users u on u.id = p.user_id
join offices f on f.id = u.office_id
join office_passkeys o on o.office_id = u.office_id and o.alone
where p.credential_id = @credential_id and p.copied_at is null and u.disabled_at is null;

-- name: OfficePasskeysAlone :one
select exists (select from office_passkeys o where o.office_id = @office_id and o.alone)::boolean;

-- name: OfficePasskeysDemanded :one
-- Whether an office asks its superusers for a passkey, and how many have none.
select exists (select from office_passkeys o where o.office_id = @office_id and o.superusers)::boolean as demanded,
    (select count(*) from users u where u.office_id = @office_id and u.role = 'superuser' and u.disabled_at is null
        and not exists (select from passkeys p where p.user_id = u.id and p.copied_at is null))::integer as without;

-- name: OfficePasskeysDemand :execrows
insert into office_passkeys as o (office_id, alone, superusers) values (@office_id, false, @superusers)
on conflict (office_id) do update set superusers = excluded.superusers where o.superusers <> excluded.superusers;

-- name: PasskeyUsable :one
select exists (select from passkeys p where p.user_id = @user_id and p.copied_at is null)::boolean;

-- name: OfficePasskeysPut :execrows
insert into office_passkeys as o (office_id, alone) values (@office_id, @alone)
on conflict (office_id) do update set alone = excluded.alone where o.alone <> excluded.alone;

-- name: OfficePasskeySessions :many
-- The sessions of an office that a passkey alone began.
select s.id, s.user_id from living_sessions s where s.office_id = @office_id::bigint and s.methods[1] = 'passkey'
order by s.user_id, s.id;
