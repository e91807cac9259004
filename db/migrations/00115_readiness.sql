-- +goose Up

-- Who of an office is ready for two factors, and who may not get in: a row for each of its users. It is asked by
-- office, and repeats no rule: what counts as a factor is user_factors', what a provider is trusted for is
-- factor_elsewhere's, which ranges are stopped is stopped_prefixes'. What only Go knows (kinds of numbers, limits) is
-- added where it is read: see internal/rollout.
--
-- state is the first that applies. findings are why they may not get in, each with something to do about it; of who is
-- disabled there are none, and of who is exempt those alone that a password needs.
create view user_readiness as
select u.id as user_id, u.office_id::bigint as office_id, u.username, u.name, u.email, u.role,
    s.state::text as state, s.linked::boolean as linked, s.has_password::boolean as has_password,
    coalesce(m.number, '')::text as number, coalesce(m.country, '')::text as country,
    (m.confirmed_at is not null)::boolean as confirmed,
    array_remove(array[
        case when s.needs and s.state = 'unconfirmed' and m.registered_at <= now() - interval '30 days'
            then 'unconfirmed_long' end,
        case when s.needs and f.counts and c.made > 0 and c.left_over = 0 then 'last_code' end,
        -- What stops a code to a number that is not proven: see LimitCounts. Codes to a proven one always go.
        case when s.needs and m.confirmed_at is null and not f.counts and not exists (
            select from office_countries k where k.office_id = u.office_id and k.country = m.country
        ) and m.number is not null then 'closed_country' end,
        case when s.needs and m.confirmed_at is null and not f.counts
            and left(m.number, greatest(length(m.number) - 5, 3)) in (select p.prefix from stopped_prefixes p)
            then 'stopped_range' end,
        case when s.needs and m.number is not null and exists (
            select from mobile_numbers n join users w on w.id = n.user_id
            where n.number = m.number and n.user_id <> m.user_id and w.office_id = u.office_id and w.disabled_at is null
        ) then 'shared' end,
        case when s.state <> 'disabled' and not s.has_password and not s.link_lives and u.email <> ''
            then 'invitation_expired' end,
        case when s.needs and f.app and not f.passkey and m.number is null and c.left_over = 0 then 'app_alone' end,
        case when s.needs and s.linked and s.policy = 'refuse' and not (f.counts and s.has_password)
            then 'sso_refused' end,
        case when s.state <> 'disabled' and u.email = '' and (not f.counts or not s.has_password) then 'no_email' end
    ], null)::text[] as findings
from users u
left join mobile_numbers m on m.user_id = u.id
cross join lateral (
    select coalesce(bool_or(x.counts), false) as counts,
        coalesce(bool_or(x.counts and x.kind = 'otp'), false) as app,
        coalesce(bool_or(x.counts and x.kind = 'passkey'), false) as passkey
    from user_factors x where x.user_id = u.id
) f
cross join lateral (
    select count(*) as made, count(*) filter (where r.used_at is null) as left_over
    from recovery_codes r where r.user_id = u.id
) c
cross join lateral (
    select p.*, p.state not in ('disabled', 'exempt') as needs
    from (
        select q.*, case
            when u.disabled_at is not null then 'disabled'
            when f.counts then 'ready'
            when u.role <> 'superuser' and exists (
                select from exemptions e
                where e.user_id = u.id and e.ended_at is null and e.until > now() and e.given_at <= now()
            ) then 'exempt'
            when q.linked and q.policy = 'trust' then 'sso'
            when m.number is not null then 'unconfirmed'
            when q.has_password then 'none'
            when q.link_lives then 'invited'
            else 'expired'
        end as state
        from (
            select u.password_hash <> '' as has_password,
                exists (
                    select from one_time_links l
                    where l.user_id = u.id and l.purpose <> 'stop' and l.used_at is null and l.expires_at > now()
                ) as link_lives,
                i.user_id is not null as linked, coalesce(o.policy, '') as policy
            from (select 1) one
            left join sso_providers o on o.office_id = u.office_id
            left join sso_identities i on i.user_id = u.id and i.office_id = o.office_id and i.issuer = o.issuer
        ) q
    ) p
) s
where u.office_id is not null;

-- People share phones: whoever has the same number is looked for by it.
create index mobile_numbers_number on mobile_numbers (number);

-- +goose Down
select 1;
