-- name: OfficeInsert :one
insert into offices (code, name) values (@code, @name) returning *;

-- name: OfficeByCode :one
select * from offices where code = @code;

-- name: OfficeByID :one
select * from offices where id = @id;

-- name: OfficeList :many
select code, name, two_factor_required from offices order by code;

-- name: OfficeTwoFactorSet :execrows
-- Changes nothing when somebody else was first.
update offices
set two_factor_required = @required, two_factor_changed_at = now()
where id = @id and two_factor_required <> @required;

-- name: OfficePreflight :one
-- How many users are ready for two factors. Disabled users do not count.
select
    count(*)::int as users,
    count(*) filter (where m.confirmed_at is not null or a.user_id is not null)::int as ready,
    count(*) filter (where m.user_id is not null and m.confirmed_at is null and a.user_id is null)::int as unconfirmed,
    count(*) filter (where m.user_id is null and a.user_id is null)::int as without
from users u
left join mobile_numbers m on m.user_id = u.id
left join authenticators a on a.user_id = u.id
where u.office_id = @office_id::bigint and u.disabled_at is null;

-- name: OfficeCountryList :many
-- Where the office said yes or no itself.
select country, allowed from office_countries where office_id = @office_id::bigint order by country;

-- name: OfficeCountrySet :execrows
insert into office_countries as k (office_id, country, allowed) values (@office_id, @country, @allowed)
on conflict (office_id, country) do update set allowed = excluded.allowed where k.allowed <> excluded.allowed;

-- name: OfficeCountryKeep :exec
-- A country in which a number was confirmed stays allowed, whatever the most used ones become.
insert into office_countries (office_id, country, allowed) values (@office_id, @country, true)
on conflict (office_id, country) do nothing;

-- name: OfficeCountryUsers :many
-- The countries of the office's confirmed numbers.
select m.country, count(*)::int as users
from mobile_numbers m join users u on u.id = m.user_id
where u.office_id = @office_id::bigint and m.confirmed_at is not null and u.disabled_at is null
group by m.country;
