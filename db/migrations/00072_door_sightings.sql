-- +goose Up

-- What the door saw of the doctor's own requests (internal/doorcheck), on whatever node: by the random id that only the
-- doctor knows, and by where it was seen. A row is written for a signed probe alone, and is gone once it was read.
create table door_sightings (
    probe      text not null check (length(probe) = 32),
    seen_at    text not null check (seen_at in ('auth-request', 'forward-auth', 'host')),
    seen       jsonb not null check (pg_column_size(seen) < 16384),
    created_at timestamptz not null default now(),
    primary key (probe, seen_at)
);

-- +goose Down
drop table door_sightings;
