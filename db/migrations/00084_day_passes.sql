-- +goose Up

-- Until when a log-in without its second factor was let in by a superuser. It ends then, whatever happens in it.
alter table sessions add column pass_until timestamptz;

-- When a number or factor that was there was changed or taken away, or all were reset.
alter table users add column factor_changed_at timestamptz;
create trigger users_cooling after update of factor_changed_at on users
    for each row when (old.factor_changed_at is distinct from new.factor_changed_at) execute function user_changed();

-- What an office decided about getting out of trouble; no row for one that never did.
create table office_rescue (
    office_id     bigint   primary key references offices on delete cascade,
    cooling_hours smallint not null default 0 check (cooling_hours between 0 and 72),
    two_approvers boolean  not null default false
);
create trigger office_rescue_changed after insert or update or delete on office_rescue
    for each row execute function of_office_changed();

-- A day pass (limited) stands in for the second factor: nothing is demanded of it meanwhile, and it may do little. Who
-- is cooling off is in, and waits with what a thief would do first.
create or replace view living_sessions as
select s.id, s.user_id, s.token_hash, s.methods, l.level,
    s.address, s.user_agent, s.password_at, s.second_factor_at, s.last_seen_at, s.created_at, s.expires_at,
    u.office_id, u.username, u.name, u.role, u.language,
    o.code as office_code, o.name as office_name, (d.demanded and not p.limited) as demanded,
    -- A short password that stands alone, since no second factor is demanded any more.
    (u.password_long is false and not d.demanded) as password_too_short,
    (s.known_browser or l.level = 2) as known_browser,
    p.limited, c.cooling_until
from sessions s
join users u on u.id = s.user_id
left join offices o on o.id = u.office_id
left join sso_providers sso on sso.office_id = u.office_id
left join office_rescue r on r.office_id = u.office_id
cross join lateral (select second_factor_demanded(u.office_id, u.id, now()) as demanded) d
-- The factor of a provider counts while its office trusts it for that.
cross join lateral (
    select (case
        when 'sso_mfa' = any(s.methods) and sso.policy is distinct from 'trust' then 1
        else s.level
    end)::smallint as level
) l
cross join lateral (
    select (l.level < 2 and s.pass_until is not null and s.pass_until > now()) as limited
) p
cross join lateral (
    select (case when u.factor_changed_at + make_interval(hours => r.cooling_hours) > now()
        then u.factor_changed_at + make_interval(hours => r.cooling_hours) end)::timestamptz as cooling_until
) c
where s.ended_at is null and s.expires_at > now() and s.last_seen_at > now() - idle_limit(u.role)
    and s.password_version = u.password_version and u.disabled_at is null
    and not (s.methods[1] = 'sso' and d.demanded and coalesce(sso.policy, 'refuse') = 'refuse');

-- Whether what is sensitive is closed to a session: a day pass, or its user cools off.
create function held_back(session bigint) returns boolean language sql stable parallel safe
return exists (select from living_sessions s where s.id = session and (s.limited or s.cooling_until is not null));

-- +goose Down
select 1;
