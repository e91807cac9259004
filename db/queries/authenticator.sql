-- name: AuthenticatorByUser :one
select * from authenticators where user_id = @user_id;

-- name: AuthenticatorInsert :execrows
-- The code that confirmed it has used its step.
insert into authenticators (user_id, secret_ct, last_step)
values (@user_id, @secret_ct, @last_step)
on conflict do nothing;

-- name: AuthenticatorReplace :execrows
-- Another key in the place of the present one. The code that confirmed it has used its step.
update authenticators set secret_ct = @secret_ct, last_step = @last_step, told_steps = '{}',
    confirmed_at = now()
where user_id = @user_id;

-- name: AuthenticatorStepUse :execrows
-- Each step serves once, and none before it: with <> two steps could take turns for ever. None that was told.
update authenticators set last_step = @step, clock_steps = @beside::smallint, clock_at = now()
where user_id = @user_id and last_step < @step and not (@step = any(told_steps));

-- name: AuthenticatorStepTell :exec
-- A refusal is about to say that a code is of this step. One to come must not serve then; what is over is forgotten.
update authenticators
set told_steps = array(select told from unnest(told_steps || @step::bigint) told where told >= @now_step::bigint),
    clock_steps = @beside::smallint, clock_at = now()
where user_id = @user_id;

-- name: AuthenticatorDelete :execrows
delete from authenticators where user_id = @user_id;

-- name: EnrolmentPut :exec
-- The key lives as long as the session in which it is shown: a page that was left open must not show one key while
-- another is meant.
insert into enrolments (session_id, secret_ct, expires_at)
select s.id, @secret_ct, s.expires_at from sessions s where s.id = @session_id
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

-- name: AppClocks :one
select apps, off, median_seconds, ours from app_clocks;
