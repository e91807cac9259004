-- +goose Up

-- The password's version. A session carries the one it was proven under, and lives no longer than that: what changes a
-- password need not list what it ends.
alter table users add column password_version bigint not null default 1;
alter table sessions add column password_version bigint not null default 1;
-- +goose StatementBegin
create function count_password_version() returns trigger language plpgsql as $$
begin
    new.password_version := old.password_version + 1;
    return new;
end $$;
-- +goose StatementEnd
create trigger count_password_version before update of password_hash on users
    for each row when (old.password_hash <> new.password_hash)
    execute function count_password_version();

-- The numbers of the policy, each once.

-- How many wrong proofs a challenge, or a session, takes: 5 in 10⁶ (ASVS 6.5.2).
create function max_tries() returns integer language sql immutable parallel safe
return 5;

-- How long a session may rest (ASVS 7.3.1): operators and superusers have more to lose.
create function idle_limit(role text) returns interval language sql immutable parallel safe
return case when role in ('superuser', 'operator') then interval '15 minutes' else interval '30 minutes' end;

-- How long a session lives at most (NIST SP 800-63B-4 §2.2.3 allows 24 h); a pending log-in has this limit alone.
create function session_life(role text, pending boolean) returns interval language sql immutable parallel safe
return case
    when pending then interval '10 minutes'
    when role in ('superuser', 'operator') then interval '8 hours'
    else interval '12 hours' end;

-- Whether a second factor is demanded of a user of an office at a moment. An operator has no office (null): always.
create function second_factor_demanded(office bigint, user_id bigint, at timestamptz) returns boolean
    language sql stable parallel safe
return coalesce((select o.two_factor_required from offices o where o.id = office), true);

-- For how long a browser in which a user completed a log-in is known for theirs.
create function known_browser_life() returns interval language sql immutable parallel safe
return interval '90 days';

create function browser_is_known(of_user bigint, browser bytea) returns boolean language sql stable parallel safe
return exists (
    select from known_browsers k
    where k.user_id = of_user and k.browser_hash = browser and k.signed_in_at > now() - known_browser_life()
);

-- The calendar month that money is counted by, in UTC wherever the server stands.
create function this_month() returns date language sql stable parallel safe
return date_trunc('month', now() at time zone 'UTC')::date;

-- The windows of the two counts of wrong second factors that no success takes back.
create function factor_day_over(since timestamptz) returns boolean language sql stable parallel safe
return since <= now() - interval '24 hours';
create function factor_month_over(since timestamptz) returns boolean language sql stable parallel safe
return since <= now() - interval '30 days';

-- What wrong second factors cost a user now: 'reset' (a hundred in a row, NIST SP 800-63B-4 §3.2.2: nothing is looked
-- at before a reset), 'recovery' (locked, twenty in a day or a hundred in thirty days from unknown browsers: recovery
-- codes alone), 'wait' (until wait_until), or null.
create function factor_lock(in_a_row integer, wait_until timestamptz, in_a_day integer, day_since timestamptz,
    from_strangers integer, strangers_since timestamptz, locked_at timestamptz) returns text
    language sql stable parallel safe
return case
    when in_a_row >= 100 then 'reset'
    when locked_at is not null or in_a_day >= 20 and not factor_day_over(day_since)
        or from_strangers >= 100 and not factor_month_over(strangers_since) then 'recovery'
    when wait_until > now() then 'wait' end;
create view factor_locks as
select f.user_id, f.in_a_row, f.wait_until,
    factor_lock(f.in_a_row, f.wait_until, f.in_a_day, f.day_since, f.from_strangers, f.strangers_since,
        f.locked_at) as lock
from factor_failures f;

-- What a proof is for, over all kinds of factor.
alter table challenges drop constraint challenges_purpose_check;
update challenges set purpose = case purpose
    when 'confirm_number' then 'enrol' when 'change_number' then 'change'
        when 'fresh_factor' then 'step_up' else purpose end;
alter table challenges add constraint challenges_purpose_check
    check (purpose in ('sign_in', 'enrol', 'change', 'step_up'));

-- What each user has to prove a second factor with: a row for each kind. A new kind is one more branch, and nothing
-- else spells out its tables. counts: it opens by itself, as an unconfirmed number and recovery codes do not.
create view user_factors as
select m.user_id, 'sms'::text as kind, (m.confirmed_at is not null) as counts, m.confirmed_at,
    m.number as label, m.country, 1 as amount
from mobile_numbers m
union all
select a.user_id, 'otp', true, a.confirmed_at, '', '', 1
from authenticators a
union all
select r.user_id, 'recovery', false, null, '', '', count(*)::integer
from recovery_codes r where r.used_at is null group by r.user_id;

create function has_factor(of_user bigint) returns boolean language sql stable parallel safe
return exists (select from user_factors f where f.user_id = of_user and f.counts);

-- A user's rows of user_factors, as factor.ParseSet reads them.
create function factors_of(of_user bigint) returns jsonb language sql stable parallel safe
return coalesce((select jsonb_agg(f) from user_factors f where f.user_id = of_user), '[]');

-- The sessions that live, with their users and what is demanded of them now. Ended, expired, at rest too long, of a
-- disabled user or proven under an older password, a session is none. One that single sign-on began is worth what its
-- office's policy for that says now: nothing, one factor or two.
create view living_sessions as
select s.id, s.user_id, s.token_hash, s.methods,
    (case when 'sso_mfa' = any(s.methods) and sso.policy is distinct from 'trust' then 1 else s.level end)::smallint
        as level,
    s.address, s.user_agent, s.password_at, s.second_factor_at, s.last_seen_at, s.created_at, s.expires_at,
    u.office_id, u.username, u.name, u.role, u.language,
    o.code as office_code, o.name as office_name, d.demanded,
    -- A short password that stands alone, since no second factor is demanded any more.
    (u.password_long is false and not d.demanded) as password_too_short
from sessions s
join users u on u.id = s.user_id
left join offices o on o.id = u.office_id
left join sso_providers sso on sso.office_id = u.office_id
cross join lateral (select second_factor_demanded(u.office_id, u.id, now()) as demanded) d
where s.ended_at is null and s.expires_at > now() and s.last_seen_at > now() - idle_limit(u.role)
    and s.password_version = u.password_version and u.disabled_at is null
    and not (s.methods[1] = 'sso' and d.demanded and coalesce(sso.policy, 'refuse') = 'refuse');

-- What the secrets of factors need each master key for; see KeyUse. A new kind with secrets is one more branch.
create view factor_keys as
select substring(a.secret_ct from 2 for 4) as key_id, 1 as lasting, 0 as brief, 0 as codes from authenticators a
union all
select substring(e.secret_ct from 2 for 4), 0, 1, 0 from enrolments e where e.expires_at > now()
union all
select substring(s.codes_ct from 2 for 4), 0, 1, 0 from recovery_sheets s where s.expires_at > now()
union all
select substring(c.code_ct from 2 for 4), 0, 1, 0 from challenges c where c.ended_at is null
union all
select coalesce(r.key_id, ''), 0, 0, 1 from recovery_codes r where r.used_at is null;

-- +goose Down
select 1;
