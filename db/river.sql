-- What our queries read of River's tables, for sqlc alone: River's own migrations make them (db/migrate.go).
create type river_job_state as enum (
    'available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'
);

create table river_job (
    id           bigint          primary key,
    state        river_job_state not null,
    attempt      smallint        not null,
    attempted_at timestamptz,
    created_at   timestamptz     not null,
    finalized_at timestamptz,
    scheduled_at timestamptz     not null,
    kind         text            not null,
    queue        text            not null,
    attempted_by text[], -- the last is who works it
    errors       jsonb[],
    metadata     jsonb           not null
);

-- One row while a process works jobs; its holder renews it every 5 s.
create table river_leader (
    name       text primary key,
    leader_id  text        not null,
    elected_at timestamptz not null,
    expires_at timestamptz not null
);

create table river_queue (
    name      text primary key,
    paused_at timestamptz
);
