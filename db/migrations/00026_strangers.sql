-- +goose Up

-- What strangers do at the doors, counted by the network that they come from (package network), before anything is
-- written, and bounded in all.

-- Counts of a day at most: they begin anew with their new key.
drop table address_tries;
delete from password_failures;
-- The network and its site, of a wrong password from a browser that the name's user is not known in; '' in the row of
-- the name as a whole, and in those of known browsers and sessions.
alter table password_failures add column network text not null default '';
alter table password_failures add column site text not null default '';
alter table password_failures drop constraint password_failures_pkey;
alter table password_failures add primary key (account, browser, network);
create index password_failures_network on password_failures (network, changed_at) where network <> '';
create index password_failures_site on password_failures (site, changed_at) where site <> '';

-- Networks from which somebody came in: an office's, behind which many people mistype on a Monday.
create table login_networks (
    network text        primary key,
    site    text        not null,
    came_at timestamptz not null default now()
);
create index login_networks_site on login_networks (site, came_at);
create index login_networks_old on login_networks (came_at);

-- How long a name waits after so many wrong passwords in a row: three are free; then 1, 2, 4 ... 60 s, and after
-- thirty in a row up to an hour. most caps it.
create function password_delay(in_a_row integer, most interval) returns interval language sql immutable parallel safe
return least(most, interval '1 second' * case
    when in_a_row <= 3 then 0
    when in_a_row <= 30 then least(60, 2 ^ (in_a_row - 4))
    else least(3600, 60 * 2 ^ least(6, (in_a_row - 30) / 5)) end);

-- How many wrong passwords for one name a network, and a site, has free in a day, whatever others did to that name.
create function free_looks(wide boolean) returns integer language sql immutable parallel safe
return case when wide then 12 else 3 end;

-- How many names may fail from a network, or a site (wide), in an hour before new browsers there have to wait: somebody
-- walks through a list. own: behind a proxy that nobody named everybody is there, so that the count is coarse.
create function max_failing_names(wide boolean, own boolean, trusted boolean) returns integer
    language sql immutable parallel safe
return case when own then 1000 else (case when wide then 100 else 20 end) * (case when trusted then 10 else 1 end) end;

-- How many rows of each kind strangers may fill in all: upkeep drops the oldest beyond.
create function max_rows_of_strangers() returns integer language sql immutable parallel safe
return 100000;

-- Refused log-ins under names that nobody has, of a minute and a network: the first is an audit event, and so is the
-- number of the others when the minute is over.
create table refused_logins (
    office_id bigint      not null,
    network   text        not null,
    minute    timestamptz not null default date_trunc('minute', now()),
    detail    text        not null,
    address   text        not null,
    amount    integer     not null,
    primary key (network, minute, office_id, detail)
);

-- Attempts are kept for 90 days. What was decided, and what was done, is kept for ever.
create function attempts_kept() returns interval language sql immutable parallel safe
return interval '90 days';
create function is_attempt(action text) returns boolean language sql immutable parallel safe
return action in ('sign_in_refused', 'password_accepted', 'session_displaced', 'second_factor_refused',
    'password_reset_asked', 'sso_accepted', 'sso_refused', 'code_not_sent');
create index audit_events_attempts on audit_events (at) where is_attempt(action);
-- +goose StatementBegin
create or replace function audit_events_are_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and is_attempt(old.action) and old.at < now() - attempts_kept() then
        return old;
    end if;
    raise exception 'audit events are append-only';
end $$;
-- +goose StatementEnd

-- Requests for a new password, by network.
alter table password_reset_requests add column network text not null default '';
alter table password_reset_requests add column site text not null default '';
drop index forgotten_address;
create index password_reset_requests_network on password_reset_requests (network, asked_at);
create index password_reset_requests_site on password_reset_requests (site, asked_at);
create index password_reset_requests_user on password_reset_requests (user_id);

-- How long a link to set a password lives. Requests for a name count as long: whoever is told that a link was sent,
-- and gets none, has one that lives.
create function link_life() returns interval language sql immutable parallel safe
return interval '30 minutes';

-- How many requests for a new password a network, or a site (wide), has in an hour. An office behind one address is no
-- attack.
create function max_reset_requests(wide boolean, own boolean) returns integer language sql immutable parallel safe
return case when own then 1000 when wide then 400 else 100 end;

-- How many sign-ins at a provider may be begun and not finished, from a network or a site.
create function max_sso_flows(wide boolean, own boolean) returns integer language sql immutable parallel safe
return case when own then 1000 when wide then 400 else 100 end;

-- How many of either are taken from strangers in all. Beyond, a site that has had none yet still has one.
create function max_forms_of_strangers() returns integer language sql immutable parallel safe
return 5000;

-- A link that was used, or ended, does not live any more: what was counted for it is given back.
-- +goose StatementBegin
create function give_reset_requests_back() returns trigger language plpgsql as $$
begin
    delete from password_reset_requests where user_id = new.user_id;
    return null;
end $$;
-- +goose StatementEnd
create trigger give_reset_requests_back after update of used_at on one_time_links
    for each row when (old.used_at is null and new.used_at is not null)
    execute function give_reset_requests_back();

alter table sso_flows add column network text not null default '';
alter table sso_flows add column site text not null default '';
create index sso_flows_network on sso_flows (network);
create index sso_flows_site on sso_flows (site);
create index known_browsers_browser on known_browsers (browser_hash);

-- +goose StatementBegin
create or replace function give_budgets_back() returns trigger language plpgsql as $$
begin
    update factor_failures f
    set in_a_row = 0, wait_until = null, in_a_day = 0, from_strangers = 0, locked_at = null,
        given_back = case when factor_month_over(f.given_back_since) then 1 else f.given_back + 1 end,
        given_back_since = case when factor_month_over(f.given_back_since) then now() else f.given_back_since end
    where f.user_id = new.id and f.stranger
        and (f.given_back < max_given_back() or factor_month_over(f.given_back_since));
    delete from password_failures p
    where p.account = coalesce((select o.code from offices o where o.id = new.office_id), 'operator')
        || '/' || new.username;
    return null;
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
