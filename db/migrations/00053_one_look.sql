-- +goose Up
-- For how long loading a user's story again is the same look at it, which the history has once.
create function one_look() returns interval language sql immutable parallel safe return interval '10 minutes';

-- +goose Down
select 1;
