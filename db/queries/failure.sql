-- name: FactorFailureCharge :one
-- One wrong second factor, counted before the code is looked at. Every tenth in a row makes the user wait:
-- 15 minutes, then twice as long each time. Answers no row while the user has to wait; and, but for recovery codes,
-- after twenty in a day or a hundred in thirty days from browsers that never completed a log-in.
insert into factor_failures as f (user_id, in_a_row, in_a_day, from_strangers) values (@user_id, 1, 1, case when @stranger::boolean then 1 else 0 end)
on conflict (user_id) do update
set in_a_row = f.in_a_row + 1,
    in_a_day = case when f.day_since > now() - interval '24 hours' then f.in_a_day + 1 else 1 end,
    day_since = case when f.day_since > now() - interval '24 hours' then f.day_since else now() end,
    from_strangers = case when f.strangers_since > now() - interval '30 days' then f.from_strangers else 0 end + case when @stranger::boolean then 1 else 0 end,
    strangers_since = case when f.strangers_since > now() - interval '30 days' then f.strangers_since else now() end,
    wait_until = case when (f.in_a_row + 1) % 10 = 0
        then now() + interval '15 minutes' * (2 ^ ((f.in_a_row + 1) / 10 - 1)) else f.wait_until end
where (f.wait_until is null or f.wait_until <= now()) and f.in_a_row < 100
    and (@recovery::boolean or f.locked_at is null
        and (f.in_a_day < 20 or f.day_since <= now() - interval '24 hours')
        and (f.from_strangers < 100 or f.strangers_since <= now() - interval '30 days'))
returning in_a_row, wait_until;

-- name: FactorFailureLock :execrows
-- After a wrong one: the twentieth of the day, or the hundredth from strangers, locks until a recovery code or a reset.
update factor_failures set locked_at = now()
where user_id = @user_id and locked_at is null
    and (in_a_day >= 20 and day_since > now() - interval '24 hours' or from_strangers >= 100 and strangers_since > now() - interval '30 days');

-- name: FactorFailureOf :one
select in_a_row, wait_until, now()::timestamptz as now,
    (locked_at is not null or in_a_day >= 20 and day_since > now() - interval '24 hours'
        or from_strangers >= 100 and strangers_since > now() - interval '30 days')::boolean as locked
from factor_failures where user_id = @user_id;

-- name: FactorFailureSucceed :exec
-- The try that was charged was right: the row of wrong ones ends, and the longer counts lose this one try alone. A
-- recovery code takes the lock away.
update factor_failures
set in_a_row = 0, wait_until = null,
    in_a_day = case when @recovery::boolean then 0 else greatest(in_a_day - 1, 0) end,
    from_strangers = case when @recovery then 0 else greatest(from_strangers - case when @stranger::boolean then 1 else 0 end, 0) end,
    locked_at = case when @recovery then null else locked_at end
where user_id = @user_id;

-- name: FactorFailureForget :exec
-- A reset: all begins anew.
delete from factor_failures where user_id = @user_id;

-- name: KnownBrowserOfUser :one
select exists (select from known_browsers where user_id = @user_id and browser_hash = @browser_hash and signed_in_at > now() - interval '90 days')::boolean;

-- name: AddressFailed :exec
insert into address_tries (address, account, failed_at) values (@address, @account, now())
on conflict (address, account) do update set failed_at = now();

-- name: AddressSucceeded :exec
insert into address_tries (address, account, succeeded_at) values (@address, @account, now())
on conflict (address, account) do update set succeeded_at = now(), failed_at = null;

-- name: AddressTries :one
-- How many accounts failed from an address in the last hour, and whether somebody came in from there in the last day: an
-- office's address, behind which many people mistype.
select (count(*) filter (where failed_at > now() - interval '1 hour'))::int as failed,
    coalesce(bool_or(succeeded_at > now() - interval '1 day'), false)::boolean as trusted
from address_tries where address = @address;

-- name: AddressDeleteOld :exec
delete from address_tries where coalesce(greatest(failed_at, succeeded_at), '-infinity') < now() - interval '1 day';

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

-- name: PasswordFailureDeleteOld :exec
delete from password_failures where changed_at < now() - interval '1 day' and next_try_at < now();
