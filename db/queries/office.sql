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
select w.id, w.name, w.role, w.demanded_from,
    array(select u.username from office_wave_users m join users u on u.id = m.user_id where m.wave_id = w.id
        order by u.username)::text[] as usernames
from office_waves w where w.office_id = @office_id order by w.demanded_from, w.id;

-- name: OfficeWavePut :one
-- Makes a wave, or changes that of the same role, or with its id.
insert into office_waves (id, office_id, name, role, demanded_from) overriding system value
values (coalesce(nullif(@id::bigint, 0), nextval(pg_get_serial_sequence('office_waves', 'id'))), @office_id, @name,
    nullif(@role::text, ''), @demanded_from)
returning id;

-- name: OfficeWaveFirst :exec
-- Lets a role be first, unless it has a wave.
insert into office_waves (office_id, name, role, demanded_from)
values (@office_id, @role::text, @role::text, @demanded_from)
on conflict (office_id, role) where role is not null do nothing;

-- name: OfficeWavesForget :exec
-- Takes away what was planned for a moment that is over.
delete from office_waves where office_id = @office_id and demanded_from <= now();

-- name: OfficeWaveRemove :one
delete from office_waves where office_id = @office_id and id = @id returning name, demanded_from;

-- name: OfficeWaveFill :exec
insert into office_wave_users (wave_id, user_id) select @wave_id, unnest(@user_ids::bigint[]);

-- name: OfficeWaveLater :one
-- Whether somebody of a wave was told a later date than its own, and it has not come for them: theirs cannot become
-- earlier. Whose other wave is the earlier one is not asked by this one.
select exists (
    select from users u join offices o on o.id = u.office_id join office_waves w on w.id = @wave_id
    where u.office_id = w.office_id and o.demanded_from is not null
        and (u.role = w.role or exists (select from office_wave_users m where m.wave_id = w.id and m.user_id = u.id))
        and coalesce(u.demanded_from, o.demanded_from) > greatest(w.demanded_from, now())
)::boolean;

-- name: OfficeBlackOut :one
-- Whether the office keeps a day free of dates.
select exists (
    select from office_black_outs where office_id = @office_id and day = sqlc.arg('day')::text::date
)::boolean;

-- name: UserDatesSet :many
-- Gives each user of an office their date: that of the earliest wave that they are in, by name or by role, else the
-- office's. One that has come stays, and none becomes earlier than it was. It answers with whom it gave another.
with told as (
    select u.id, coalesce(u.demanded_from, o.demanded_from) as was, least(
        (select min(w.demanded_from) from office_waves w join office_wave_users m on m.wave_id = w.id
            where m.user_id = u.id and w.demanded_from > now()),
        (select w.demanded_from from office_waves w
            where w.office_id = o.id and w.role = u.role and w.demanded_from > now())) as wave
    from users u join offices o on o.id = u.office_id
    where o.id = @office_id::bigint
), given as (
    select t.id, t.was, case when t.was <= now() then t.was
        else greatest(t.was, coalesce(t.wave, @demanded_from::timestamptz)) end as becomes
    from told t
), done as (
    update users u set demanded_from = g.becomes from given g
    where u.id = g.id and u.demanded_from is distinct from g.becomes
)
select g.id from given g where g.was is distinct from g.becomes order by g.id;

-- name: UsersNotReady :many
-- Who of an office has no second factor yet.
select u.id from users u
where u.office_id = @office_id::bigint and u.disabled_at is null and not has_factor(u.id)
order by u.id;

-- name: OfficePeople :many
select username, name from users where office_id = @office_id::bigint and disabled_at is null
order by lower(name), username limit 500;

-- name: UsersByNames :many
-- Users of an office by the forms under which names may be stored.
select id, username from users where office_id = @office_id::bigint and username = any(@usernames::text[]);

-- name: BlackOutList :many
-- The days that an office keeps free, from today on.
select to_char(b.day, 'YYYY-MM-DD') as day, b.name from office_black_outs b join offices o on o.id = b.office_id
where o.id = @office_id::bigint
    and b.day between (now() at time zone coalesce(nullif(o.time_zone, ''), 'UTC'))::date
        and (now() + interval '24 months')::date
order by b.day;

-- name: BlackOutPut :execrows
-- Keeps days free, or calls those that are free something else.
insert into office_black_outs as b (office_id, day, name)
select @office_id::bigint, d.day::date, d.name
from (select unnest(@days::text[]) as day, unnest(@names::text[]) as name) d
on conflict (office_id, day) do update set name = excluded.name where b.name <> excluded.name;

-- name: BlackOutRemove :one
delete from office_black_outs where office_id = @office_id::bigint and day = sqlc.arg('day')::text::date returning name;

-- name: BlackOutCount :one
select count(*)::int from office_black_outs where office_id = @office_id::bigint and day > now();

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
