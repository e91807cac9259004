-- +goose Up

-- The processes that work jobs. Each says every two seconds that it lives: what one that does not had under way is
-- taken over by the others.
create table workers (
    id      text        primary key, -- as in river_job.attempted_by
    beat_at timestamptz not null
);

-- How long a worker may be silent before it counts as dead: three beats.
create function worker_silence() returns interval language sql immutable parallel safe
return interval '6 seconds';

-- +goose Down
select 1;
