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

-- name: LoginNetworkDeleteOld :execrows
delete from login_networks where network in (
    select n.network from login_networks n where n.came_at < now() - interval '1 day' limit @batch
);

-- name: PasswordFailureCharge :one
-- One wrong password, counted before it is looked at; see password_delay. No row while it has to wait by its own
-- counter. A stranger's, which is counted by a network, counts for the name as a whole, too: what the network has free
-- lets that pass, else it is not admitted while the name has to wait, and must not stay.
with own as (
    insert into password_failures as p (account, browser, network, site, in_a_row, next_try_at)
    values (@account, @browser, @network, @site, 1, now())
    on conflict (account, browser, network) do update
    set in_a_row = case when p.changed_at < now() - interval '1 day' then 1 else p.in_a_row + 1 end,
        changed_at = now(), next_try_at = now() + password_delay(p.in_a_row + 1, @most::interval)
    where p.next_try_at <= now()
    returning p.account, p.browser, p.site <> '' as stranger,
        (p.in_a_row <= free_looks(false) and p.in_a_row + (
            select coalesce(sum(least(o.in_a_row, free_looks(false))), 0) from password_failures o
            where o.account = @account and o.browser = @browser and o.site = @site and o.network <> @network
                and o.changed_at > now() - interval '1 day') <= free_looks(true)) as free
), passed as (
    insert into password_failures as p (account, browser, network, in_a_row, next_try_at)
    select account, browser, '', 1, now() from own where stranger and free
    on conflict (account, browser, network) do update set in_a_row = p.in_a_row + 1, changed_at = now()
), shared as (
    insert into password_failures as p (account, browser, network, in_a_row, next_try_at)
    select account, browser, '', 1, now() from own where stranger and not free
    on conflict (account, browser, network) do update
    set in_a_row = case when p.changed_at < now() - interval '1 day' then 1 else p.in_a_row + 1 end,
        changed_at = now(), next_try_at = now() + password_delay(p.in_a_row + 1, @most_shared::interval)
    where p.next_try_at <= now()
    returning true
)
select (not stranger or free or exists (select from shared))::boolean as admitted from own;

-- name: PasswordFailureOf :one
select next_try_at, now()::timestamptz as now from password_failures
where account = @account and browser = @browser and network = @network;

-- name: PasswordFailureReset :exec
-- After a right one: of its browser, or of its network and the name as a whole.
delete from password_failures where account = @account and browser = @browser and network in ('', @network);

-- name: PasswordFailureDeleteOld :execrows
delete from password_failures where (account, browser, network) in (
    select p.account, p.browser, p.network from password_failures p
    where p.changed_at < now() - interval '1 day' and p.next_try_at < now() limit @batch
);

-- name: PasswordFailureTrim :execrows
-- The oldest of strangers beyond the bound of all.
delete from password_failures where (account, browser, network) in (
    select p.account, p.browser, p.network from password_failures p where p.browser = ''
    order by p.changed_at desc offset max_rows_of_strangers() limit @batch
);

-- name: RefusedLoginLock :exec
-- Held to the end of the transaction: refused log-ins of a network wait for each other, whoever was named in them, so
-- that no wait tells who is a user.
select pg_advisory_xact_lock(13, hashtext(@network::text));

-- name: RefusedLoginPut :one
-- How many refused log-ins under unknown names there were from a network in this minute; of a thousand networks, the
-- others count as one. A user's own adds nothing, and costs the same.
insert into refused_logins as r (office_id, network, detail, address, amount)
values (@office_id, case when (select count(*) from refused_logins) < 1000 then @network::text else 'many' end,
    @detail, @address, case when @known::boolean then 0 else 1 end)
on conflict (network, minute, office_id, detail) do update set amount = r.amount + excluded.amount
returning amount;

-- name: RefusedLoginWrite :one
-- The minutes that are over become audit events, with the number of those that were not written one by one: office by
-- office, since each one's history is locked in turn.
with over as (
    delete from refused_logins where (network, minute, office_id, detail) in (
        select r.network, r.minute, r.office_id, r.detail from refused_logins r
        where r.minute < date_trunc('minute', now()) limit @batch)
    returning *
), written as (
    insert into audit_events (office_id, action, detail, address)
    select nullif(o.office_id, 0), 'sign_in_refused', trim(o.detail || ' ' || (o.amount - 1)::text || ' more'),
        o.address
    from over o where o.amount > 1 order by o.office_id
)
select count(*)::bigint from over;
