-- name: OfficeInsert :one
insert into offices (code, name) values (@code, @name) returning *;

-- name: OfficeByCode :one
select * from offices where code = @code;

-- name: OfficeHold :one
-- First of all in whatever a superuser or accountant changes: one change of an office comes after the other. It is not
-- a lock that a log-in waits for.
select id from offices where id = @office_id for no key update;

-- name: OfficeHasSuperuser :one
select exists (
    select from users u where u.office_id = @office_id and u.role = 'superuser' and u.disabled_at is null
)::boolean;

-- name: LogInFacts :one
-- What is demanded of a user of an office (0: an operator) now, whether their factor is elsewhere, their factors, and
-- whether a log-in of theirs may be under way in a browser: see SessionAdopt.
select d.demanded::boolean as demanded, exists (
        select from sessions s where s.user_id = @user_id and s.browser_hash = @browser_hash::bytea and s.level = 1
            and s.ended_at is null and s.expires_at > now()
    )::boolean as begun, (d.demanded and factor_elsewhere(@user_id))::boolean as elsewhere,
    factors_of(@user_id)::jsonb as factors
from (select second_factor_demanded(nullif(@office_id::bigint, 0), @user_id, now()) as demanded) d;


-- name: OfficeList :many
select code, name, office_demands(two_factor_required, demanded_from, now())::boolean as two_factor_required
from offices order by code;

-- name: OfficeTwoFactorSet :execrows
-- Changes nothing when somebody else was first. Whatever it becomes, there is no date any more.
with undated as (delete from office_waves w where w.office_id = @id),
own as (update users u set demanded_from = null where u.office_id = @id and u.demanded_from is not null)
update offices o
set two_factor_required = @required, two_factor_changed_at = now(), demanded_from = null
where o.id = @id and (o.two_factor_required <> @required or o.demanded_from is not null);

-- name: OfficeRollout :one
select office_demands(two_factor_required, demanded_from, now())::boolean as active, demanded_from, time_zone,
    grace_hours, invitation_days, now()::timestamptz as now
from offices where id = @id;

-- name: OfficeInvitationsSet :execrows
update offices set invitation_days = @days where id = @id and invitation_days <> @days;

-- name: OfficeGraceSet :execrows
update offices set grace_hours = @grace_hours where id = @id and grace_hours <> @grace_hours;

-- name: OfficeWaveList :many
select name, role, demanded_from from office_waves where office_id = @office_id order by demanded_from, id;

-- name: OfficeWavePut :exec
insert into office_waves (office_id, name, role, demanded_from)
values (@office_id, @role::text, @role::text, @demanded_from);

-- name: OfficeBlackOut :one
-- Whether the office keeps a day free of dates.
select exists (
    select from office_black_outs where office_id = @office_id and day = sqlc.arg('day')::text::date
)::boolean;

-- name: UserDatesSet :exec
-- Gives each user of an office their date: that of their wave, else that of their role's, else the office's. One that
-- has come stays, and none becomes earlier than it was.
with told as (
    select u.id, u.role, coalesce(u.demanded_from, o.demanded_from) as was
    from users u join offices o on o.id = u.office_id
    where o.id = @office_id::bigint
)
update users u set demanded_from = case when t.was <= now() then t.was else greatest(t.was, coalesce(
    (select min(w.demanded_from) from office_waves w join office_wave_users m on m.wave_id = w.id
        where m.user_id = t.id),
    (select w.demanded_from from office_waves w where w.office_id = @office_id::bigint and w.role = t.role),
    @demanded_from::timestamptz)) end
from told t
where u.id = t.id;

-- name: UsersNotReady :many
-- Who of an office has no second factor yet.
select u.id from users u
where u.office_id = @office_id::bigint and u.disabled_at is null and not has_factor(u.id)
order by u.id;

-- name: OfficeDateSet :exec
update offices set demanded_from = @demanded_from::timestamptz, time_zone = @time_zone where id = @id;

-- name: OfficePreflight :one
-- How many users are ready for two factors. Disabled users do not count.
select
    count(*)::int as users,
    count(*) filter (where f.ready)::int as ready,
    count(*) filter (where f.begun and not f.ready)::int as unconfirmed,
    count(*) filter (where not f.begun)::int as without
from users u
cross join lateral (
    select coalesce(bool_or(x.counts), false) as ready, coalesce(bool_or(x.counts or x.label <> ''), false) as begun
    from user_factors x where x.user_id = u.id
) f
where u.office_id = @office_id::bigint and u.disabled_at is null;

-- name: OfficeCountryList :many
-- Where the office's codes may go.
select country from office_countries where office_id = @office_id::bigint order by country;

-- name: OfficeCountryOpen :execrows
insert into office_countries (office_id, country) select @office_id, unnest(@countries::text[])
on conflict (office_id, country) do nothing;

-- name: OfficeCountryClose :execrows
delete from office_countries where office_id = @office_id and country = @country;

-- name: OfficeCountryUsers :many
-- The countries of the office's confirmed numbers.
select m.country, count(*)::int as users
from mobile_numbers m join users u on u.id = m.user_id
where u.office_id = @office_id::bigint and m.confirmed_at is not null and u.disabled_at is null
group by m.country;
