-- +goose Up

-- A fire drill of an office: who has a number or an app is asked for a code at their next log-in, and may skip it.
-- Nothing is demanded by it. It ends by itself.
create table drills (
    id        bigint      generated always as identity primary key,
    office_id bigint      not null references offices on delete cascade,
    begun_by  bigint      references users on delete set null,
    begun_at  timestamptz not null default now(),
    ends_at   timestamptz not null,
    check (ends_at >= begun_at)
);
create index drills_office on drills (office_id, id desc);

-- How long a drill asks, at most.
create function drill_life() returns interval language sql immutable parallel safe return interval '14 days';

-- Whom a drill has asked, and what came of it. Who is not here has not logged in since it began.
create table drill_users (
    drill_id    bigint      not null references drills on delete cascade,
    user_id     bigint      not null references users on delete cascade,
    asked_at    timestamptz not null default now(),
    skipped_at  timestamptz,
    answered_at timestamptz,
    primary key (drill_id, user_id)
);
create index drill_users_user on drill_users (user_id);

-- +goose Down
select 1;
