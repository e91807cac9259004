-- +goose Up

-- How many users an office had on a day who could log in, and how many of them had a second factor: as it was when the
-- day ended in the office's time zone, and on the day itself as it was within the last hour. Kept from the day of this
-- migration on, since what a user had before is nowhere to be read.
create table coverage_days (
    office_id bigint      not null references offices on delete cascade,
    day       date        not null,
    users     integer     not null check (users >= 0),
    ready     integer     not null check (ready between 0 and users),
    kept_at   timestamptz not null default now(),
    primary key (office_id, day)
);

-- +goose Down
select 1;
