-- +goose Up

-- By how many steps of 30 s the last code of an app was beside our clock, and when it came: of a right one, and of one
-- that was right at another moment.
alter table authenticators
    add column clock_steps smallint,
    add column clock_at    timestamptz;
create index authenticators_clocks on authenticators (clock_at) where clock_at is not null;

-- The clocks of all apps whose codes came in the last day, and nobody's: how many, how many more than one step off, and
-- the one in the middle. When that is two steps off or more, of five apps at least, it is our clock.
create view app_clocks as
select count(*)::integer as apps, (count(*) filter (where abs(a.clock_steps) > 1))::integer as off,
    coalesce(30 * percentile_cont(0.5) within group (order by a.clock_steps), 0)::float8 as median_seconds,
    (count(*) >= 5 and abs(coalesce(percentile_cont(0.5) within group (order by a.clock_steps), 0)) >= 2)::boolean
        as ours
from authenticators a
where a.clock_at > now() - interval '1 day';

-- +goose Down
select 1;
