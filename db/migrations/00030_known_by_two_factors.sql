-- +goose Up

-- A session is of a known browser when two factors were proven in it, now or in the log-in that made it known,
-- whatever the office demands: where none is demanded a log-in of the password alone would spend the owner's budgets.
create or replace view living_sessions as
select s.id, s.user_id, s.token_hash, s.methods, l.level,
    s.address, s.user_agent, s.password_at, s.second_factor_at, s.last_seen_at, s.created_at, s.expires_at,
    u.office_id, u.username, u.name, u.role, u.language,
    o.code as office_code, o.name as office_name, d.demanded,
    -- A short password that stands alone, since no second factor is demanded any more.
    (u.password_long is false and not d.demanded) as password_too_short,
    (s.known_browser or l.level = 2) as known_browser
from sessions s
join users u on u.id = s.user_id
left join offices o on o.id = u.office_id
left join sso_providers sso on sso.office_id = u.office_id
cross join lateral (select second_factor_demanded(u.office_id, u.id, now()) as demanded) d
-- The factor of a provider counts while its office trusts it for that.
cross join lateral (
    select (case
        when 'sso_mfa' = any(s.methods) and sso.policy is distinct from 'trust' then 1
        else s.level
    end)::smallint as level
) l
where s.ended_at is null and s.expires_at > now() and s.last_seen_at > now() - idle_limit(u.role)
    and s.password_version = u.password_version and u.disabled_at is null
    and not (s.methods[1] = 'sso' and d.demanded and coalesce(sso.policy, 'refuse') = 'refuse');

-- What such log-ins of the password alone began is a stranger's from now on.
update sessions set known_browser = false where known_browser and level = 1 and ended_at is null;

-- +goose Down
select 1;
