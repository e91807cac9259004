-- name: FactorsOfUser :one
select factors_of(@user_id)::jsonb as factors;

-- name: MobileNumberRegister :execrows
-- An unconfirmed number, in the place of none or of another unconfirmed one; a confirmed number stays.
insert into mobile_numbers (user_id, number, country, registered_by)
values (@user_id, @number, @country, @registered_by)
on conflict (user_id) do update
set number = excluded.number, country = excluded.country,
    registered_by = excluded.registered_by, registered_at = now()
where mobile_numbers.confirmed_at is null;

-- name: MobileNumberStanding :one
-- Whether the office's codes may go to a number's country, and whether another user of the office has it.
select exists (
        select from office_countries c where c.office_id = @office_id::bigint and c.country = @country
    )::boolean as open,
    exists (
        select from mobile_numbers m join users u on u.id = m.user_id
        where u.office_id = @office_id::bigint and m.number = @number and m.user_id <> @user_id
    )::boolean as taken;

-- name: MobileNumberConfirm :exec
-- The number that a right code has just proven.
insert into mobile_numbers (user_id, number, country, confirmed_at, registered_by)
values (@user_id, @number, @country, now(), @user_id)
on conflict (user_id) do update
set number = excluded.number, country = excluded.country, confirmed_at = now();

-- name: MobileNumberDelete :execrows
delete from mobile_numbers where user_id = @user_id;

-- name: MobileNumberCountries :many
-- The most used countries, of confirmed numbers alone: the office's own first, then those of the most offices, so that
-- no other office outvotes the rest with many numbers.
select country from (
    select m.country, count(*) as own, 0 as offices
    from users u join mobile_numbers m on m.user_id = u.id
    where u.office_id = @office_id::bigint and m.confirmed_at is not null
    group by m.country
    union all
    select c.country, 0, count(*) from confirmed_countries c group by c.country
) counted
group by country
order by sum(own) desc, sum(offices) desc, country
limit 6;
