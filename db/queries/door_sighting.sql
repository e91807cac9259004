-- name: DoorSightingAdd :exec
-- One probe is seen once at each place, and what nobody read is gone after an hour.
with gone as (
    delete from door_sightings where created_at < now() - interval '1 hour'
)
insert into door_sightings (probe, seen_at, seen) values (@probe, @seen_at, @seen)
on conflict (probe, seen_at) do nothing;

-- name: DoorSightingTake :many
delete from door_sightings where probe = @probe returning seen_at, seen;
