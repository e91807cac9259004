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

-- name: MobileNumberConfirm :exec
-- The number that a right code has just proven.
insert into mobile_numbers (user_id, number, country, confirmed_at, registered_by)
values (@user_id, @number, @country, now(), @user_id)
on conflict (user_id) do update
set number = excluded.number, country = excluded.country, confirmed_at = now();

-- name: MobileNumberDelete :execrows
delete from mobile_numbers where user_id = @user_id;

-- name: MobileNumberCountries :many
-- The most used countries of this installation.
select country from mobile_numbers group by country order by count(*) desc, country limit 6;
