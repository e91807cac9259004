-- +goose Up

-- Whether a cap is so near to what is spent already that it needs a second look.
create function cap_is_tight(cap numeric, spent numeric) returns boolean language sql immutable parallel safe
return cap is not null and spent > 0 and cap < 1.25 * spent;

-- Of which share of a cap somebody is told.
create function cap_is_near(cap numeric, spent numeric) returns boolean language sql immutable parallel safe
return cap is not null and spent >= 0.8 * cap;

-- When a cap is reached at the pace of this month so far; null when that is not in this month, or when it is reached.
create function cap_reached_at(cap numeric, spent numeric) returns timestamptz language sql stable
return (
    select p.at from (
        select b.began + (now() - b.began) * (cap / nullif(spent, 0))::float8 as at
        from (select this_month()::timestamp at time zone 'UTC' as began) b
    ) p
    where spent < cap and p.at < (this_month()::timestamp + interval '1 month') at time zone 'UTC'
);

-- Whether a user is let in by messages alone: without them, and without help, they stay outside.
create function depends_on_messages(of_user bigint) returns boolean language sql stable parallel safe
return exists (select from user_factors f where f.user_id = of_user and f.kind = 'sms' and f.counts)
    and not exists (select from user_factors f where f.user_id = of_user and f.kind <> 'sms');

-- +goose Down
select 1;
