-- +goose Up

-- Two budgets: what a user does in browsers that are known to be theirs is counted apart from what is done in others,
-- where the password may be all that somebody has.
--
-- What was spent before budgets_since (wrong proofs, messages) is not counted any more. A new password moves it, and a
-- reset: whoever spent it before is out.
alter table users add column budgets_since timestamptz not null default now();

-- +goose StatementBegin
create or replace function count_password_version() returns trigger language plpgsql as $$
begin
    new.password_version := old.password_version + 1;
    new.budgets_since := now();
    return new;
end $$;
-- +goose StatementEnd

-- A browser is known by what was proven in it: where a second factor is demanded, a log-in of the password alone, of
-- the time before, says nothing.
alter table known_browsers add column level smallint not null default 2 check (level in (1, 2));
drop function browser_is_known(bigint, bytea);
create function browser_is_known(of_user bigint, browser bytea, least_level integer) returns boolean
    language sql stable parallel safe
return exists (
    select from known_browsers k
    where k.user_id = of_user and k.browser_hash = browser and k.level >= least_level
        and k.signed_in_at > now() - known_browser_life()
);

-- Whether a log-in began in a known browser, or was completed with a second factor.
alter table sessions add column known_browser boolean not null default false;

create or replace view living_sessions as
select s.id, s.user_id, s.token_hash, s.methods,
    (case when 'sso_mfa' = any(s.methods) and sso.policy is distinct from 'trust' then 1 else s.level end)::smallint
        as level,
    s.address, s.user_agent, s.password_at, s.second_factor_at, s.last_seen_at, s.created_at, s.expires_at,
    u.office_id, u.username, u.name, u.role, u.language,
    o.code as office_code, o.name as office_name, d.demanded,
    -- A short password that stands alone, since no second factor is demanded any more.
    (u.password_long is false and not d.demanded) as password_too_short,
    (s.known_browser or s.level = 2 or not d.demanded) as known_browser
from sessions s
join users u on u.id = s.user_id
left join offices o on o.id = u.office_id
left join sso_providers sso on sso.office_id = u.office_id
cross join lateral (select second_factor_demanded(u.office_id, u.id, now()) as demanded) d
where s.ended_at is null and s.expires_at > now() and s.last_seen_at > now() - idle_limit(u.role)
    and s.password_version = u.password_version and u.disabled_at is null
    and not (s.methods[1] = 'sso' and d.demanded and coalesce(sso.policy, 'refuse') = 'refuse');

-- +goose Down
select 1;
