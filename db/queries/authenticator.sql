-- name: AuthenticatorByUser :one
select * from authenticators where user_id = @user_id;

-- name: AuthenticatorInsert :execrows
-- The code that confirmed it has used its step.
insert into authenticators (user_id, secret_ct, last_step)
values (@user_id, @secret_ct, @last_step)
on conflict do nothing;

-- name: AuthenticatorStepUse :execrows
-- Each step serves once, and none before it: with <> two steps could take turns for ever.
update authenticators set last_step = @step where user_id = @user_id and last_step < @step;

-- name: AuthenticatorDelete :execrows
delete from authenticators where user_id = @user_id;

-- name: EnrolmentPut :exec
insert into enrolments (session_id, secret_ct, expires_at)
values (@session_id, @secret_ct, now() + @life::interval)
on conflict (session_id) do update
set secret_ct = excluded.secret_ct, created_at = now(), expires_at = excluded.expires_at;

-- name: EnrolmentBySession :one
select secret_ct from enrolments where session_id = @session_id and expires_at > now();

-- name: EnrolmentDelete :execrows
delete from enrolments where session_id = @session_id;

-- name: EnrolmentDeleteExpired :execrows
delete from enrolments where session_id in (
    select e.session_id from enrolments e where e.expires_at <= now() limit @batch
);
