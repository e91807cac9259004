-- name: RecoveryCodeInsert :exec
insert into recovery_codes (user_id, code_mac, key_id)
    select @user_id, unnest(@code_macs::bytea[]), unnest(@key_ids::bytea[]);

-- name: RecoveryCodeUse :execrows
update recovery_codes set used_at = now()
where user_id = @user_id and code_mac = any(@code_macs::bytea[]) and used_at is null;

-- name: RecoveryCodeDelete :exec
delete from recovery_codes where user_id = @user_id;

-- name: RecoverySheetPut :exec
insert into recovery_sheets (session_id, codes_ct, expires_at)
values (@session_id, @codes_ct, now() + @life::interval)
on conflict (session_id) do update set codes_ct = excluded.codes_ct, expires_at = excluded.expires_at;

-- name: RecoverySheetBySession :one
select codes_ct from recovery_sheets where session_id = @session_id and expires_at > now();

-- name: RecoverySheetDelete :exec
delete from recovery_sheets where session_id = @session_id;

-- name: RecoverySheetDeleteExpired :execrows
delete from recovery_sheets where session_id in (
    select s.session_id from recovery_sheets s where s.expires_at <= now() limit @batch
);
