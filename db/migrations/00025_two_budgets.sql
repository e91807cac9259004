-- +goose Up

-- Two budgets of wrong second factors for each user: what is tried in browsers in which they never completed a log-in
-- (stranger), where the password may be all that somebody has, costs nothing in the others.
drop view factor_locks;
alter table factor_failures add column stranger boolean not null default true;
alter table factor_failures drop constraint factor_failures_pkey;
alter table factor_failures add primary key (user_id, stranger);

-- How often a new password took the strangers' count back in thirty days: who can read the user's mail has no endless
-- guesses at the second factor.
alter table factor_failures add column given_back integer not null default 0 check (given_back >= 0);
alter table factor_failures add column given_back_since timestamptz not null default now();
create function max_given_back() returns integer language sql immutable parallel safe
return 5;

create view factor_locks as
select f.user_id, f.stranger, f.in_a_row, f.wait_until,
    factor_lock(f.in_a_row, f.wait_until, f.in_a_day, f.day_since, f.from_strangers, f.strangers_since,
        f.locked_at) as lock
from factor_failures f;

-- What was spent at a user's doors by who is out now: after a new password, and a reset (users.budgets_since).
-- +goose StatementBegin
create function give_budgets_back() returns trigger language plpgsql as $$
begin
    update factor_failures f
    set in_a_row = 0, wait_until = null, in_a_day = 0, from_strangers = 0, locked_at = null,
        given_back = case when factor_month_over(f.given_back_since) then 1 else f.given_back + 1 end,
        given_back_since = case when factor_month_over(f.given_back_since) then now() else f.given_back_since end
    where f.user_id = new.id and f.stranger
        and (f.given_back < max_given_back() or factor_month_over(f.given_back_since));
    return null;
end $$;
-- +goose StatementEnd
create trigger give_budgets_back after update on users
    for each row when (old.budgets_since is distinct from new.budgets_since)
    execute function give_budgets_back();

-- +goose Down
select 1;
