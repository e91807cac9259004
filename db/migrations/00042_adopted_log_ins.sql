-- +goose Up

-- The browser in which a session began: a log-in that is begun there once more takes its place, with the code that is
-- under way in it.
alter table sessions add column browser_hash bytea;

-- The browser in which a link set a password. null for one that ended otherwise.
alter table one_time_links add column used_by bytea;

-- How long the same form with a used link is still told that the password is set.
create function used_link_life() returns interval language sql immutable parallel safe
return interval '1 minute';

-- +goose Down
select 1;
