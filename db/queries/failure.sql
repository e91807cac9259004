-- name: FactorFailureCharge :one
-- One wrong second factor, counted before the code is looked at. Every tenth in a row makes the user wait:
-- 15 minutes, then twice as long each time. Answers no row while the user has to wait.
insert into factor_failures as f (user_id, in_a_row) values (@user_id, 1)
on conflict (user_id) do update
set in_a_row = f.in_a_row + 1,
    wait_until = case when (f.in_a_row + 1) % 10 = 0
        then now() + interval '15 minutes' * (2 ^ ((f.in_a_row + 1) / 10 - 1)) else f.wait_until end
where (f.wait_until is null or f.wait_until <= now()) and f.in_a_row < 100
returning in_a_row, wait_until;

-- name: FactorFailureOf :one
select in_a_row, wait_until, now()::timestamptz as now from factor_failures where user_id = @user_id;

-- name: FactorFailureReset :exec
update factor_failures set in_a_row = 0, wait_until = null where user_id = @user_id;

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
