-- name: DoorSightingAdd :exec
-- One probe is seen once at each place.
insert into door_sightings (probe, seen_at, seen) values (@probe, @seen_at, @seen)
on conflict (probe, seen_at) do nothing;

-- name: DoorSightingTake :many
delete from door_sightings where probe = @probe returning seen_at, seen;

-- name: DoorSightingDeleteOld :execrows
-- What no doctor came back for.
delete from door_sightings where probe in (
    select d.probe from door_sightings d where d.created_at < now() - interval '1 hour' limit @batch);
