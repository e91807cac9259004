-- name: CoverageOffices :many
-- Every office with its time zone ('' is none of its own), and the moment by which their days are told.
select id, time_zone, now()::timestamptz as now from offices order by id;

-- name: CoverageKeep :exec
-- What each office has now is what it has on its day, until it is asked again. Days come with the offices.
insert into coverage_days as c (office_id, day, users, ready)
select o.id, d.day::date, count(u.id), count(u.id) filter (where has_factor(u.id))
from (select unnest(@offices::bigint[]) as office_id, unnest(@days::text[]) as day) d
join offices o on o.id = d.office_id
left join users u on u.office_id = o.id and u.disabled_at is null
group by o.id, d.day
on conflict (office_id, day) do update set users = excluded.users, ready = excluded.ready, kept_at = now();

-- name: CoverageDays :many
-- An office's days from one on, in order. A day on which nothing ran is missing.
select to_char(day, 'YYYY-MM-DD')::text as day, users, ready from coverage_days
where office_id = @office_id and day >= sqlc.arg('from_day')::text::date order by day;
