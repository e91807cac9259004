-- name: ApplicationInsert :one
insert into applications (name, about, kind, url, all_offices, roles, require_two_factor, max_factor_age, sensitive)
values (@name, @about, @kind, @url, @all_offices, @roles::text[], @require_two_factor,
    nullif(@max_factor_age::interval, interval '0'), @sensitive)
returning id;

-- name: ApplicationUpdate :execrows
update applications set name = @name, about = @about, url = @url, all_offices = @all_offices, roles = @roles::text[],
    require_two_factor = @require_two_factor, max_factor_age = nullif(@max_factor_age::interval, interval '0'),
    sensitive = @sensitive
where id = @id;

-- name: ApplicationPicture :execrows
update applications set picture = sqlc.narg(picture)::bytea where id = @id;

-- name: ApplicationPictureOf :one
select picture from applications where id = @id and picture is not null;

-- name: ApplicationDisable :execrows
update applications set disabled_at = case when @disabled::boolean then coalesce(disabled_at, now()) end where id = @id;

-- name: ApplicationDelete :execrows
delete from applications where id = @id;

-- name: ApplicationHostsDrop :exec
-- All but those given.
delete from application_hosts where application_id = @application_id and not host = any(@hosts::text[]);

-- name: ApplicationHostsPut :many
-- Returns the hosts that are another application's.
with added as (
    insert into application_hosts (host, application_id)
    select h, @application_id from unnest(@hosts::text[]) h
    on conflict do nothing
    returning host
)
select h::text from unnest(@hosts::text[]) h
where h not in (select host from added)
    and not exists (select from application_hosts o where o.host = h and o.application_id = @application_id);

-- name: ApplicationOfficesDrop :exec
delete from application_offices a using offices o
where o.id = a.office_id and a.application_id = @application_id and not o.code = any(@codes::text[]);

-- name: ApplicationOfficesPut :many
-- Returns the codes that no office has.
with added as (
    insert into application_offices (application_id, office_id)
    select @application_id, o.id from offices o where o.code = any(@codes::text[])
    on conflict do nothing
)
select c::text from unnest(@codes::text[]) c where not exists (select from offices o where o.code = c);

-- name: ApplicationList :many
select a.id, a.name, a.about, a.kind, a.url, (a.picture is not null)::boolean as has_picture, a.all_offices, a.roles,
    a.require_two_factor, coalesce(a.max_factor_age, interval '0')::interval as max_factor_age, a.sensitive,
    a.disabled_at, a.created_at,
    array(select h.host from application_hosts h where h.application_id = a.id order by h.host)::text[] as hosts,
    array(select o.code from application_offices x join offices o on o.id = x.office_id
        where x.application_id = a.id order by o.code)::text[] as offices
from applications a
where (@id::bigint = 0 or a.id = @id) and (@name::text = '' or lower(a.name) = lower(@name))
order by lower(a.name);

-- name: ApplicationDoors :many
-- The applications that are there for an office, with what each demands of its users. Those that the operator disabled
-- are among them.
select a.id, a.name, a.about, a.kind, a.url, (a.picture is not null)::boolean as has_picture, a.roles as own_roles,
    coalesce(a.max_factor_age, interval '0')::interval as own_max_factor_age, d.admitted::boolean as admitted,
    d.roles::text[] as roles,
    d.require_two_factor, coalesce(d.max_factor_age, interval '0')::interval as max_factor_age,
    d.disabled::boolean as disabled,
    d.off::boolean as off, d.sensitive
from application_doors d join applications a on a.id = d.application_id
where d.office_id = @office_id and d.admitted
order by lower(a.name);

-- name: ApplicationDoor :one
-- What an application demands of the users of an office.
select a.name, a.url, d.admitted::boolean as admitted, d.roles::text[] as roles, d.require_two_factor,
    coalesce(d.max_factor_age, interval '0')::interval as max_factor_age, d.disabled::boolean as disabled,
    d.off::boolean as off, d.sensitive
from application_doors d join applications a on a.id = d.application_id
where d.application_id = @application_id and d.office_id = @office_id;

-- name: ApplicationTighten :exec
insert into office_applications as t (office_id, application_id, roles, max_factor_age, off)
values (@office_id, @application_id, @roles::text[], nullif(@max_factor_age::interval, interval '0'), @off)
on conflict (office_id, application_id)
do update set roles = excluded.roles, max_factor_age = excluded.max_factor_age, off = excluded.off;

-- name: UserOpensOnly :one
select opens_only from users where id = @user_id;

-- name: UserOpensOnlySet :exec
update users set opens_only = @opens_only where id = @user_id;
