-- +goose Up

-- Whether money stops a message. A cap stops numbers that nobody has proven; who is to prove a number of their own
-- once more has a reserve of a fifth beyond it, so that a cap that was set too low, or that strangers used up, locks
-- nobody out. A cap of 0 leaves nothing to anybody.
create function reserve_of_cap(cap numeric) returns numeric language sql immutable parallel safe
return 1.2 * cap;
create function money_stops(cap numeric, spent numeric, proven boolean) returns boolean
language sql immutable parallel safe
return cap is not null and spent >= case when proven then reserve_of_cap(cap) else cap end;

-- +goose Down
select 1;
