-- +goose Up

-- Whether a second factor is demanded is asked at every check of a session. The rule itself is a function of values
-- that asks no table, so that the planner puts it into whatever statement has those values already: a third of the cost
-- of a call that looks them up.

-- From when on a second factor is demanded of a user: the date that they were told, else their office's. Of a superuser
-- it is demanded no later than of the office, whatever wave they were in when they became one: who may take the date
-- away must not do so with a password alone.
create function own_date(role text, user_from timestamptz, office_from timestamptz) returns timestamptz
    language sql immutable parallel safe
return case when role = 'superuser' then least(user_from, office_from) else coalesce(user_from, office_from) end;

-- The rule. exempt, factor and word: whether the user is exempt, has a factor, owes the word of a reset; each is used
-- once, and so is looked up only where it decides. A superuser is never spared: who may switch it off must not do so
-- with a password alone. Nor is who owes the word of a reset, since somebody else may know the password. For an
-- operator required is null, and the answer yes.
create function is_demanded(
    required boolean, office_from timestamptz, grace_hours smallint, role text, user_from timestamptz,
    grace_until timestamptz, at timestamptz, exempt boolean, factor boolean, word boolean
) returns boolean language sql immutable parallel safe
return case
    when not required and coalesce(own_date(role, user_from, office_from), 'infinity') > at then false
    when role = 'superuser' or role is null then true
    when exempt then false
    when coalesce(grace_until > at, grace_hours > 0) and not factor and not word then false
    else true
end;

-- Whether a user is exempt at a moment.
create function is_exempt(of_user bigint, at timestamptz) returns boolean
    language plpgsql stable parallel safe as
'begin return exists (
    select from exemptions e where e.user_id = of_user and e.ended_at is null and e.until > at and e.given_at <= at
); end';

-- Whether a user owes the word of a reset.
create function owes_word(of_user bigint) returns boolean
    language plpgsql stable parallel safe as
'begin return exists (select from enrolment_words w where w.user_id = of_user); end';

-- The one question, for whoever has no more than the ids: is a second factor demanded of a user of an office (null: an
-- operator) at a moment?
create or replace function second_factor_demanded(office bigint, user_id bigint, at timestamptz) returns boolean
    language plpgsql stable parallel safe cost 5000 as
'begin return coalesce((
    select is_demanded(o.two_factor_required, o.demanded_from, o.grace_hours, u.role, u.demanded_from, u.grace_until,
        second_factor_demanded.at, is_exempt(u.id, second_factor_demanded.at), has_factor(u.id), owes_word(u.id))
    from offices o left join users u on u.id = second_factor_demanded.user_id
    where o.id = second_factor_demanded.office
), true); end';

-- As in 00092, with own_date.
-- +goose StatementBegin
create or replace function demand_changes(office bigint, user_id bigint, at timestamptz) returns timestamptz
    language plpgsql stable parallel safe as $$
begin
    return (
        select min(m.moment)
        from offices o left join users u on u.id = demand_changes.user_id
        cross join lateral (
            select own_date(u.role, u.demanded_from, o.demanded_from) where not o.two_factor_required
            union all select u.grace_until
            union all select e.until from exemptions e where e.user_id = u.id and e.ended_at is null
        ) m (moment)
        where o.id = demand_changes.office and m.moment > at
    );
end $$;
-- +goose StatementEnd

-- offset 0: the planner would else work out what is demanded once for each column that it is in.
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
cross join lateral (
    select is_demanded(o.two_factor_required, o.demanded_from, o.grace_hours, u.role, u.demanded_from, u.grace_until,
        now(), is_exempt(u.id, now()), has_factor(u.id), owes_word(u.id)) as demanded
    offset 0
) d
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

-- Numbers that nobody has proven are few, and what became of their codes is asked again and again: see
-- stopped_prefixes.
create index challenges_unproven on challenges (created_at) where not proven;

-- +goose Down
select 1;
