-- name: FactorFailureCharge :one
-- One wrong second factor, counted before the code is looked at. Every tenth in a row makes the user wait:
-- 15 minutes, then twice as long each time. No row while the user has to wait or is locked (factor_lock), but that
-- recovery codes are still taken. Strangers have a budget of their own.
insert into factor_failures as f (user_id, stranger, in_a_row, in_a_day, from_strangers)
values (@user_id, @stranger::boolean, 1, 1, case when @stranger then 1 else 0 end)
on conflict (user_id, stranger) do update
set in_a_row = f.in_a_row + 1,
    in_a_day = case when factor_day_over(f.day_since) then 1 else f.in_a_day + 1 end,
    day_since = case when factor_day_over(f.day_since) then now() else f.day_since end,
    from_strangers = case when factor_month_over(f.strangers_since) then 0 else f.from_strangers end
        + case when @stranger then 1 else 0 end,
    strangers_since = case when factor_month_over(f.strangers_since) then now() else f.strangers_since end,
    wait_until = case when (f.in_a_row + 1) % 10 = 0
        then now() + interval '15 minutes' * (2 ^ ((f.in_a_row + 1) / 10 - 1)) else f.wait_until end
where (f.wait_until is null or f.wait_until <= now())
    and coalesce(factor_lock(f.in_a_row, f.wait_until, f.in_a_day, f.day_since, f.from_strangers, f.strangers_since,
        f.locked_at), '') in ('', case when @recovery::boolean then 'recovery' else '' end)
returning in_a_row, coalesce(wait_until > now(), false)::boolean as waits;

-- name: FactorFailureLock :execrows
-- After a wrong one: what locks all but recovery codes by its count stays locked until a recovery code or a reset.
update factor_failures f set locked_at = now()
where f.user_id = @user_id and f.stranger = @stranger and f.locked_at is null
    and factor_lock(0, null, f.in_a_day, f.day_since, f.from_strangers, f.strangers_since, null) = 'recovery';

-- name: FactorFailureOf :one
select coalesce(lock, '')::text as lock, wait_until, now()::timestamptz as now
from factor_locks where user_id = @user_id and stranger = @stranger;

-- name: FactorFailureSucceed :exec
-- The try that was charged was right: the row of wrong ones ends, and the longer counts lose this one try alone. A
-- recovery code takes the locks away, of both budgets.
update factor_failures
set in_a_row = 0, wait_until = null,
    in_a_day = case when @recovery::boolean then 0 else greatest(in_a_day - 1, 0) end,
    from_strangers = case when @recovery then 0
        else greatest(from_strangers - case when @stranger::boolean then 1 else 0 end, 0) end,
    locked_at = case when @recovery then null else locked_at end
where user_id = @user_id and (stranger = @stranger or @recovery);

-- name: FactorFailureForget :exec
-- A reset: all begins anew, in both budgets.
delete from factor_failures where user_id = @user_id;

-- name: AddressFailed :exec
insert into address_tries (address, account, failed_at) values (@address, @account, now())
on conflict (address, account) do update set failed_at = now();

-- name: AddressSucceeded :exec
insert into address_tries (address, account, succeeded_at) values (@address, @account, now())
on conflict (address, account) do update set succeeded_at = now(), failed_at = null;

-- name: AddressTries :one
-- How many accounts failed from an address in the last hour, and whether somebody came in from there in the last day:
-- an office's address, behind which many people mistype.
select (count(*) filter (where failed_at > now() - interval '1 hour'))::int as failed,
    coalesce(bool_or(succeeded_at > now() - interval '1 day'), false)::boolean as trusted
from address_tries where address = @address;

-- name: AddressDeleteOld :execrows
delete from address_tries where (address, account) in (
    select t.address, t.account from address_tries t
    where coalesce(greatest(t.failed_at, t.succeeded_at), '-infinity') < now() - interval '1 day' limit @batch
);

-- name: PasswordFailureCharge :one
-- One wrong password, counted before it is looked at. Three are free; then 1, 2, 4 ... 60 s, and after
-- thirty in a row up to an hour. Answers no row while the name has to wait.
insert into password_failures as p (account, browser, in_a_row, next_try_at)
values (@account, @browser, 1, now())
on conflict (account, browser) do update
set in_a_row = p.in_a_row + 1, changed_at = now(),
    next_try_at = now() + interval '1 second' * case
        when p.in_a_row + 1 <= 3 then 0
        when p.in_a_row + 1 <= 30 then least(60, 2 ^ (p.in_a_row + 1 - 4))
        else least(3600, 60 * 2 ^ least(6, (p.in_a_row + 1 - 30) / 5)) end
where p.next_try_at <= now()
returning in_a_row, next_try_at;

-- name: PasswordFailureOf :one
select next_try_at, now()::timestamptz as now from password_failures where account = @account and browser = @browser;

-- name: PasswordFailureReset :exec
delete from password_failures where account = @account and browser = @browser;

-- name: PasswordFailureDeleteOld :execrows
delete from password_failures where (account, browser) in (
    select p.account, p.browser from password_failures p
    where p.changed_at < now() - interval '1 day' and p.next_try_at < now() limit @batch
);
